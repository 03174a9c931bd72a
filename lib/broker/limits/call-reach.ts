/** An object that a call names, and whose it is. */
export interface ReachedObject {
  /** The parameter that names it; absent where the path does. */
  parameter?: string;
  /** The customer that it belongs to; absent where it belongs to none, or that cannot be told. */
  customer?: string;
  /** Why that cannot be told, as a clause: `names what the broker cannot look up`. */
  fault?: string;
}

/** Whom a call reaches at its vendor. */
export interface CallReach {
  /** All objects that its path and its parameters name, but for those that belong to no customer by nature: prices, coupons. */
  objects: readonly ReachedObject[];
  /** The parameters that name destinations. */
  destinations: readonly string[];
  /** Whether a call that reads shows nothing but some of these objects and what belongs to them. */
  isFiltered: boolean;
}

/** Where a call sends money. */
export interface NamedDestinations {
  /** Whether it is a payout or a transfer, which goes somewhere even where it does not say so. */
  isPayout: boolean;
  destinations: readonly { parameter: string; id: string }[];
  /** A parameter that says by something else than an id where money goes. */
  untold?: string;
}
