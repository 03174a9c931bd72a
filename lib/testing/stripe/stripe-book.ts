import type { FormParams } from './form-params';
import { LatestItems } from './latest';

/** One call the vendor received, whole. Secrets are not in it: of the API key only its last four characters. */
export interface StripeCall {
  /** 1 for the first call since the vendor started or was reset. */
  readonly sequence: number;
  readonly method: string;
  /** The path as it was sent, without the query. */
  readonly path: string;
  /** The parameters of query and form body, nested as `a[b]` says; every leaf is text. */
  readonly params: FormParams;
  readonly idempotencyKey: string | undefined;
  /** The last four characters of the API key the call came with. */
  readonly keyLast4: string | undefined;
  /** The account that the call was made in (`acct_…`); `undefined` where its key or account was refused. */
  readonly account: string | undefined;
  /** Whether the call came with this API key. The key itself is nowhere to be read. */
  secretIs(secret: string): boolean;
  /** The names of the request's headers, lower case, in the order they came, repeats included. */
  readonly headerNames: readonly string[];
  /** What `Request-Id` says in the answer. */
  readonly requestId: string;
  /** The status answered; `undefined` while nothing is answered, or where nothing ever will be. */
  readonly status: number | undefined;
  /** Whether the endpoint ran: false for what was refused before, and for a replay. */
  readonly executed: boolean;
  /** Whether the answer was one stored under the call's `Idempotency-Key`. */
  readonly replayed: boolean;
  /** `complete` once the whole answer was handed to the network, `cut` where the connection ended before. */
  readonly answer: 'pending' | 'complete' | 'cut';
}

/** The vendor's own, writable view of a {@link StripeCall}. */
export type OpenStripeCall = { -readonly [Field in keyof StripeCall]: StripeCall[Field] };

/** What a movement does: an `authorization` only reserves, all else moves money. */
export type MoneyMovementKind = 'authorization' | 'capture' | 'charge' | 'payout' | 'refund';

/** One movement of money that the vendor executed. */
export interface MoneyMovement {
  readonly kind: MoneyMovementKind;
  /** In the currency's minor unit: cents for `usd`. */
  readonly amount: number;
  /** Three letters, lower case. */
  readonly currency: string;
  /** The charge (`ch_…`), refund (`re_…`) or payout (`po_…`). */
  readonly id: string;
  /** The PaymentIntent behind it, if any. */
  readonly paymentIntent: string | null;
  /** The customer (`cus_…`) who was charged or refunded, if any. */
  readonly customer: string | null;
  /** A copy of the PaymentIntent's metadata where there is one, else of the object's own. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly idempotencyKey: string | undefined;
  /** The {@link StripeCall.sequence} of the call that did it; 0 for what no call has done. */
  readonly call: number;
}

const MOVES_MONEY: readonly MoneyMovementKind[] = ['capture', 'charge', 'payout', 'refund'];

/**
 * What the vendor received and what it executed: the other side's book, to hold against your own. It
 * keeps the latest calls and movements, as many as {@link StripeVendorOptions.keep} says; totals
 * count all.
 */
export class StripeBook {
  readonly #entries: LatestItems<StripeCall>;
  readonly #executed: LatestItems<MoneyMovement>;
  readonly #totals = new Map<string, number>();

  /** @internal */
  constructor(bound: number) {
    this.#entries = new LatestItems(bound);
    this.#executed = new LatestItems(bound);
  }

  /** The calls received, oldest first. */
  get entries(): readonly StripeCall[] {
    return this.#entries.all;
  }

  /** The movements of money executed, oldest first. Declines and replays are not among them. */
  get executed(): readonly MoneyMovement[] {
    return this.#executed.all;
  }

  /** How many calls and movements it no longer has, since later ones took their room. */
  get forgotten(): number {
    return this.#entries.forgotten + this.#executed.forgotten;
  }

  /**
   * The money moved in one currency, in its minor unit. Refunds and payouts add up with charges, as
   * money that left somebody's account; authorizations count only once they are captured.
   *
   * @param kinds counts these kinds only
   * @example
   * ```ts
   * expect(vendor.book.total('usd')).toBe(37 * 1000);
   * expect(vendor.book.total('usd', 'authorization')).toBe(0);
   * ```
   */
  total(currency: string, ...kinds: MoneyMovementKind[]): number {
    const counted = kinds.length === 0 ? MOVES_MONEY : kinds;
    const code = currency.toLowerCase();
    let sum = 0;
    for (const kind of new Set(counted)) sum += this.#totals.get(`${code} ${kind}`) ?? 0;
    return sum;
  }

  /** Empties the book and leaves the vendor's objects as they are. */
  clear(): void {
    this.#entries.clear();
    this.#executed.clear();
    this.#totals.clear();
  }

  /** @internal */
  open(call: StripeCall): void {
    this.#entries.add(call);
  }

  /** @internal */
  record(movement: MoneyMovement): void {
    this.#executed.add(movement);
    const account = `${movement.currency} ${movement.kind}`;
    this.#totals.set(account, (this.#totals.get(account) ?? 0) + movement.amount);
  }
}
