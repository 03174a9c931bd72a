/** More are not kept at once. */
const MAX_KNOWN = 10_000;

/** Which customer an object of the vendor's belongs to, where that can change no more. */
export interface KnownOwners {
  get(id: string): string | undefined;
  keep(id: string, customer: string): void;
}

/** The owners that a broker has found out, of all accounts. */
export class OwnerCache {
  readonly #customers = new Map<string, string>();

  /**
   * Those of one account.
   *
   * @param account The connected account; empty for the account of the secret.
   */
  of(vendor: string, account: string): KnownOwners {
    const nameOf = (id: string): string => `${vendor}/${account}/${id}`;
    return {
      get: (id) => this.#customers.get(nameOf(id)),
      keep: (id, customer) => {
        if (this.#customers.size >= MAX_KNOWN) this.#customers.clear();
        this.#customers.set(nameOf(id), customer);
      },
    };
  }
}
