/** How long a broker that has failed is asked last. */
const FAILED_MS = 10_000;
/** How long a request may take at all brokers together. */
const ALL_MS = 10_000;

/**
 * Which of several brokers on one store is asked. One that answers goes on being asked, so that an
 * application does not change to and fro; one that has failed is asked last for ten seconds.
 */
export class BrokerChoice<Broker extends object> {
  #current: Broker | undefined;
  readonly #failedAt = new Map<Broker, number>();

  /** @param all In the order in which they are preferred at the start. */
  constructor(
    readonly all: readonly Broker[],
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#current = all[0];
  }

  /** All of them, in the order in which they are to be asked. */
  inOrder(): readonly Broker[] {
    if (this.all.length === 1) return this.all;
    const well = this.all.filter((broker) => !this.#hasFailed(broker));
    const failed = [...this.#failedAt.keys()].filter((broker) => this.#hasFailed(broker));
    const current = well.filter((broker) => broker === this.#current);
    const others = well.filter((broker) => broker !== this.#current);
    return [...current, ...others, ...failed];
  }

  /** A broker has answered. */
  worked(broker: Broker): void {
    this.#failedAt.delete(broker);
    if (this.#current !== undefined && this.#hasFailed(this.#current)) this.#current = broker;
  }

  /** A broker could not be reached, has not answered, or is not ready. */
  failed(broker: Broker): void {
    // Put last, so that of those that have failed the one that failed first is asked first.
    this.#failedAt.delete(broker);
    this.#failedAt.set(broker, this.now());
  }

  #hasFailed(broker: Broker): boolean {
    const at = this.#failedAt.get(broker);
    return at !== undefined && this.now() - at < FAILED_MS;
  }
}

/**
 * When each of several attempts has to have ended, by `performance.now()`: what is left of the time for
 * all of them is divided among those that are left. Without an end where there is one attempt alone.
 */
export function* attemptEnds(attempts: number): Generator<number | undefined, never> {
  const end = performance.now() + ALL_MS;
  for (let left = attempts; ; left = Math.max(1, left - 1)) {
    const now = performance.now();
    yield attempts === 1 ? undefined : now + (end - now) / left;
  }
}
