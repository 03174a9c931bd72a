import type { AuditRow } from '../audit/audit-entry';
import type { Brake } from '../brakes/brake';
import type { BudgetSource, BudgetSubject } from '../budgets/budget';
import type { CapScope } from '../../contract/scopes';
import type { Balance, KeyRecord } from '../keys/key';
import type { KeyStatus } from '../../contract/states';
import type { MicroUsd } from '../../contract/usd';
import type { CallReach, NamedDestinations } from '../limits/call-reach';
import type { FoundObject, Outcome, Price } from '../pricing/price';
import type { BrokerRefusal } from '../refusal';
import type { HoldState } from '../../contract/states';

/** What makes a call a retry of another, or a misuse of its key. */
export interface OperationKey {
  /** The `Idempotency-Key`'s SHA-256, hex. */
  keyHash: string;
  /** Of account, tenant, user, method, target and body as forwarded. */
  fingerprint: string;
}

/** A call that has passed every check but the ledger's. */
export interface Admission {
  callId: string;
  key: KeyRecord;
  /** The connected account the call is for; empty for the account of the secret. */
  account: string;
  price: Price;
  /** When its price began to be looked up, in epoch milliseconds; absent where nothing was. */
  pricedAt?: number;
  /** Whether the vendor can be asked for its object: then one that is not known is no refusal yet. */
  canLookUp?: boolean;
  /** Whether its key may not read its object: a refusal does not say what that comes to. */
  hidesAmount?: boolean;
  /** What the vendor has said of its object. Where the ledger knows it by now, that counts. */
  found?: FoundObject;
  /** Whether it changes nothing at the vendor: it costs nothing, and waits for no write. */
  isRead?: boolean;
  /** Where it sends money. */
  destinations?: NamedDestinations;
  /** Whom it reaches; absent where that was not asked for. */
  reach?: CallReach;
  /** Absent where the call has no `Idempotency-Key`. */
  operation?: OperationKey;
  /** What its audit row says, whatever becomes of it. */
  audit: AuditRow;
}

/** A call that was admitted. */
export interface AdmittedCall {
  callId: string;
  /** The call whose hold this one shares: its own, unless it is a retry. Absent where it costs nothing. */
  holdId?: string;
  operationKeyHash?: string;
  keyId: string;
  vendor: string;
  account: string;
  price: Price;
  /** What was held for this call: nothing for a retry. */
  micros: MicroUsd;
  /** The amount that the call does not name and is forwarded with, minor units: its price, or that of the call that it retries. */
  addedAmount?: number;
  /** Whether no other call on its object was in flight when this one was admitted. */
  isUncontended?: boolean;
  admittedAt: number;
  /** Its row as it is where nothing more is known. */
  audit: AuditRow;
}

export type Decision =
  | { admitted: true; call: AdmittedCall; remainingMicros: MicroUsd }
  /**
   * `asksVendor`: not refused yet, since the vendor may be asked for its object. `wantsReach`: it is refused
   * only for want of {@link Admission.reach}, and may be asked for again with it.
   */
  | { admitted: false; refusal: BrokerRefusal; asksVendor?: true; wantsReach?: true };

/** How a call ended. */
export interface CallEnd {
  call: AdmittedCall;
  outcome: Outcome;
  /** What else its row says once it has ended. */
  audit: Partial<AuditRow>;
}

/** A brake as an operator asks for it: it begins, and expires, by the store's clock. */
export interface BrakeOrder extends Pick<Brake, 'id' | 'scope' | 'target' | 'reason'> {
  /** Milliseconds; absent where it stays until it is lifted. */
  lifeMs?: number;
}

/** A brake that an operator has lifted. */
export interface LiftedBrake {
  brake: Brake;
  liftedAt: number;
}

/** Money reserved before a call leaves. */
export interface Hold {
  callId: string;
  keyId: string;
  vendor: string;
  account: string;
  objectId: string | null;
  heldMicros: MicroUsd;
  settledMicros: MicroUsd;
  /** What it takes back of its own subject's spend: undone, neither held nor settled. 0 once it is released. */
  undoneMicros: MicroUsd;
  /** Of a refund: the root object that it pays back. */
  refundOf: string | null;
  /** Minor units of that object which it pays back, and no earlier hold of its operation does. */
  refundAmount: number;
  state: HoldState;
  chargedTo: readonly string[];
  idempotencyKeyHash: string | null;
  createdAt: number;
  endedAt: number | null;
  /**
   * Whether an operator has ended it: no answer to a call under it changes what it counts. A later
   * capture or cancel of its object may give that back.
   */
  isEndedByOperator: boolean;
}

export interface RevokeDecision {
  /** When each known id was first revoked. */
  revokedAt: ReadonlyMap<string, number>;
  unknown: readonly string[];
}

/** Which page of a list. */
export interface PageRequest {
  /** How many entries at most. */
  limit: number;
  /** That of the page before; absent for the first one. */
  cursor?: string;
}

export interface Page<T> {
  entries: readonly T[];
  /** Where the next page begins; absent on the last one. */
  next?: string;
}

export interface KeyFilter {
  status?: KeyStatus;
  vendor?: string;
  tenant_id?: string;
  user_id?: string;
  run_id?: string;
  tool?: string;
}

export interface AuditFilter {
  /** An operator's name, `app`, `key` or `broker`. */
  actor?: string;
  key_id?: string;
  call_id?: string;
  event?: string;
  vendor?: string;
  tenant_id?: string;
  user_id?: string;
  run_id?: string;
  tool?: string;
  verdict?: string;
  /** ISO 8601, UTC; inclusive. */
  from?: string;
  /** ISO 8601, UTC; exclusive. */
  to?: string;
}

export interface HoldFilter {
  state?: HoldState;
  vendor?: string;
  key_id?: string;
}

/** One cap over a call, with what counts against it. */
export interface CapState {
  scope: CapScope;
  capMicros: MicroUsd;
  balance: Balance;
  /** When a budget's day ends, ISO 8601; a key's cap covers its whole life. */
  resetsAt?: string;
}

/** One cap over a subject, by itself, and who has set it. */
export interface SubjectCap extends CapState {
  subject: BudgetSubject;
  source: BudgetSource;
}

/** A budget of the application's, as the newest key of the subject carries it. */
export interface AppBudget {
  subject: BudgetSubject;
  capMicros: MicroUsd;
  /** The cap that a call of the subject would meet: an operator's may be tighter. */
  met: CapState;
}

/** A lease as it was last renewed. */
export interface LeaseRecord {
  id: string;
  ttlMs: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** A copy of a store on its way: whole in one file, as of one moment. */
export interface StoreCopy {
  bytes: number;
  chunks: AsyncIterable<Buffer>;
  /** Gives the copy up, read or not: the next one may begin. To be called in any case. */
  end(): void;
}

/** What `/readyz` says of the store. */
export interface StoreState {
  kind: string;
  /** How far a commit reaches before it is acknowledged, as the writer itself reports it. */
  durability: string;
}

/** How busy the ledger is: counts alone, no names. */
export interface LedgerFigures {
  liveKeys: number;
  openHolds: { held: number; unknown: number };
  /** Settlements that could not be written yet, and are kept. */
  keptSettlements: number;
  /** Since the process began. */
  commits: number;
  /** What those commits carried: decisions that waited together share one. */
  decisions: number;
}
