import type { StripeVendor } from '../../lib/testing/stripe-vendor';

interface Executed {
  charged: number;
  authorized: number;
  captured: number;
  refunded: number;
}

/** What the vendor executed, by the operation that its metadata names. */
export class ExecutedMoney {
  readonly #byOperation = new Map<string, Executed>();
  #read = 0;

  /** @param lastCall Movements of later calls do not count: by their number in the vendor's book. */
  constructor(
    private readonly vendor: StripeVendor,
    private readonly lastCall = Infinity,
  ) {}

  /** How many movements of money there were. */
  get movements(): number {
    return this.vendor.book.executed.length;
  }

  /**
   * What an operation costs at the least, in cents.
   *
   * @param open Whether nobody ever tried to capture or cancel it, so that all of it is reserved.
   */
  costOf(operation: string, open: boolean): number {
    this.#catchUp();
    const executed = this.#byOperation.get(operation);
    if (executed === undefined) return 0;
    const { charged, authorized, captured, refunded } = executed;
    return charged + captured + refunded + (open ? authorized : 0);
  }

  #catchUp(): void {
    const { executed } = this.vendor.book;
    for (; this.#read < executed.length; this.#read++) {
      const movement = executed[this.#read];
      const operation = movement?.metadata['operation'];
      if (movement === undefined || movement.call > this.lastCall) continue;
      if (operation === undefined) continue;
      const sum = this.#byOperation.get(operation) ?? {
        charged: 0,
        authorized: 0,
        captured: 0,
        refunded: 0,
      };
      if (movement.kind === 'charge') sum.charged += movement.amount;
      else if (movement.kind === 'authorization') sum.authorized += movement.amount;
      else if (movement.kind === 'capture') sum.captured += movement.amount;
      else sum.refunded += movement.amount;
      this.#byOperation.set(operation, sum);
    }
  }
}
