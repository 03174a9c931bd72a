import type { MicroUsd } from '../../contract/usd';
import type { Rates } from './currency';
import type { Parameter } from './parameters';

/** A call as pricing sees it: target and body already in the form that is forwarded. */
export interface PriceableCall {
  method: string;
  /** The path's segments below the vendor's prefix: `['payment_intents', 'pi_1', 'capture']`. */
  segments: readonly string[];
  parameters: readonly Parameter[];
  /** Top-level names whose JSON number was written with a point or an exponent. */
  decimals: ReadonlySet<string>;
}

/** What a call says about the money of an object that is there already. */
interface OfObject {
  objectId: string;
  /** Minor units. */
  amount?: number;
  currency?: string;
  /** The largest amount nested in the body, minor units. */
  largestNested?: number;
  /**
   * The parameter in which the broker says the amount that the call leaves to the vendor, where that was
   * looked up: what is forwarded is what was priced.
   */
  addedField?: string;
  /** @default USD alone */
  rates?: Rates;
}

/** What a refund says that decides whether it may be undone. */
interface RefundTerms {
  /** Whether it names nothing but what a refund may that takes back its subject's own spend. */
  canUndo?: boolean;
  /** Whether a connected account gives back its share. */
  reversesTransfer?: boolean;
}

/** A part of a bill that has an object of its own, which may have been paid for by itself. */
export interface TakenUp {
  id: string;
  micros: MicroUsd;
}

/** What a call comes to whose price stands in objects of the vendor's. */
interface DocumentPrice {
  objectId: string;
  /** With what may be added later. */
  micros: MicroUsd;
  /** Minor units. */
  amount: number;
  currency: string;
  /** What the price leaves out, for the audit log. */
  note?: string;
  /** Whether it depends on what the object was when it was looked up. */
  isOfState?: true;
  /** What is a part of `micros`, and counts no more where it has been counted by itself. */
  takesUp?: readonly TakenUp[];
}

/**
 * What a call may cost. What depends on the vendor's object (its exposure so far) is settled by
 * the ledger, in the same step that takes the hold.
 */
export type Price =
  | { kind: 'free' }
  /** `micros` whatever happened before: a new payment. */
  | ({ kind: 'amount'; micros: MicroUsd; amount: number; currency: string } & Pick<
      DocumentPrice,
      'note' | 'takesUp'
    >)
  /** `micros`, as the operator says; it adds to no object. */
  | { kind: 'fee'; micros: MicroUsd; amount?: number; currency?: string }
  /** What the object's new total adds to its exposure; without `amount`, its own known amount. */
  | ({ kind: 'exposure' } & OfObject)
  /** As `exposure`, but nothing without `amount`; a lower total gives back once it is confirmed. */
  | ({ kind: 'change' } & OfObject)
  /** What `micros`, the most that the object may charge in all, add to its exposure. */
  | ({ kind: 'total' } & DocumentPrice)
  /**
   * `micros` more than the object may cost already: a line of an invoice, where it is changed beyond the
   * `amountBefore` that it was, minor units.
   */
  | ({ kind: 'addition'; amountBefore?: number } & DocumentPrice)
  /** Costs nothing; gives the exposure back once the vendor has confirmed it. */
  | { kind: 'cancel'; objectId: string }
  /** `amount`, or what is left to refund, in the object's currency where the call does not say it. */
  | ({ kind: 'refund' } & OfObject & RefundTerms);

/** The price of a call that cannot be told without knowing its object. */
export type ObjectPrice = Extract<Price, { kind: 'exposure' | 'change' | 'refund' }>;

/** How a call ended, as far as the money goes. */
export type Ending = 'settled' | 'released' | 'unknown';

/** What a vendor's answer says about the object a call was for. */
export interface ReportedObject {
  id: string;
  /** Other ids that name the same money, a PaymentIntent's charge. */
  aliases: readonly string[];
  /** Minor units. */
  amount: number;
  currency: string;
  /** Whether it has come to its end, captured or canceled: no later call adds to what it costs. */
  isFinal?: boolean;
  /** Whether its money goes on to a connected account. */
  hasDestination?: boolean;
}

/** What the vendor says of an object that the ledger does not know. */
export interface FoundObject extends ReportedObject {
  /** The object under whose id its money is counted: a charge's PaymentIntent. */
  rootId: string;
  /** What the call moves at most where it names no amount, minor units. */
  callAmount: number;
}

/** What a vendor's answer means for a hold. */
export interface Outcome {
  ending: Ending;
  /** With `released`: the answer proves that the operation, whichever call of it, moved nothing. */
  conclusive?: boolean;
  /** With `released`: it never left for the vendor. */
  isUnsent?: boolean;
  object?: ReportedObject;
  /** What the object costs now, as the vendor says; never lowers a settlement. */
  reportedMicros?: MicroUsd;
  /** What the vendor shows on a bill that has an object of its own. */
  takenUp?: readonly string[];
  /** What an `addition` comes to, as the vendor says; never lowers a settlement. */
  addedMicros?: MicroUsd;
  /** What the object may still cost at most: a capture, a cancel or a change that lowered it. */
  finalMicros?: MicroUsd;
  /** Minor units and currency of what the vendor says moved, for the audit log. */
  settledAmount?: { amount: number; currency: string };
}
