import { AccountActions } from './account-actions';
import type { Execution } from './endpoint';
import { IdempotencyKeys } from './idempotency-keys';
import { newId } from './new-id';
import type { StripePermissions } from './permissions';
import { DEFAULT_API_VERSION } from './received-call';
import { StripeAccount } from './stripe-account';
import { StripeBook } from './stripe-book';
import type { MoneyMovement } from './stripe-book';

/** What the accounts of a vendor share. */
export interface VendorLinks {
  readonly keep: number;
  /** Every movement of every account is in the vendor's own book too. */
  record(movement: MoneyMovement): void;
  /** Lets calls with a secret into an account. */
  admit(secretKey: string, account: StripeVendorAccount, permissions?: StripePermissions): void;
}

/**
 * One account of an offline Stripe: objects, idempotency keys and a book of its own, which no other account sees.
 * Made by {@link StripeVendor.addAccount} and {@link StripeVendorAccount.connect}.
 */
export class StripeVendorAccount extends AccountActions {
  /** The calls made in this account, and what it executed. */
  readonly book: StripeBook;
  /** @internal */
  state: StripeAccount;
  /** @internal */
  idempotencyKeys: IdempotencyKeys;

  readonly #links: VendorLinks;
  readonly #connected = new Map<string, StripeVendorAccount>();

  /** @internal */
  constructor(
    /** `acct_…` */
    readonly id: string,
    links: VendorLinks,
  ) {
    super();
    this.#links = links;
    this.book = new StripeBook(links.keep);
    this.state = new StripeAccount(id, links.keep);
    this.idempotencyKeys = new IdempotencyKeys(links.keep);
  }

  /**
   * Makes a restricted key of this account (`rk_test_…`). What it may not do is Stripe's 403.
   *
   * @example
   * ```ts
   * const secret = vendor.restrictedKey({ '*': 'write', charges: 'none' });
   * ```
   */
  restrictedKey(permissions: StripePermissions): string {
    const secret = newId('rk_test_');
    this.#links.admit(secret, this, permissions);
    return secret;
  }

  /** Connects an account (`acct_…`), in which this one's keys act with the header `Stripe-Account`. */
  connect(id: string = newId('acct_')): StripeVendorAccount {
    const known = this.#connected.get(id);
    if (known !== undefined) return known;
    const account = new StripeVendorAccount(id, this.#links);
    this.#connected.set(id, account);
    return account;
  }

  /** @internal */
  connected(id: string): StripeVendorAccount | undefined {
    return this.#connected.get(id);
  }

  /** How many calls, movements, idempotency keys and objects it holds in memory.
   * @internal
   */
  get size(): number {
    const connected = [...this.#connected.values()].reduce((sum, { size }) => sum + size, 0);
    return this.idempotencyKeys.size + this.state.size + connected;
  }

  /** @internal */
  reset(): void {
    this.state = new StripeAccount(this.id, this.#links.keep);
    this.idempotencyKeys = new IdempotencyKeys(this.#links.keep);
    this.book.clear();
    for (const account of this.#connected.values()) account.reset();
  }

  /** @internal */
  move(movement: MoneyMovement): void {
    this.book.record(movement);
    this.#links.record(movement);
  }

  /** @internal */
  protected override act(): Execution {
    return this.execution();
  }

  /** @internal */
  execution(): Execution {
    return {
      account: this.state,
      apiVersion: DEFAULT_API_VERSION,
      id: '',
      decline: undefined,
      move: (movement) => this.move({ ...movement, idempotencyKey: undefined, call: 0 }),
    };
  }
}
