import type { AuditVerdict } from '../audit/audit-chain';
import type { AuditEntry, AuditRecord, AuditRow } from '../audit/audit-entry';
import type { Brake } from '../brakes/brake';
import type { Budget, BudgetRule, BudgetSource, BudgetSubject } from '../budgets/budget';
import type { KeyRecord, KeyStatus, KeyWithBalance } from '../keys/key';
import type { MicroUsd } from '../money/usd';
import type { Outcome, Price } from '../pricing/price';
import type { BrokerRefusal, FieldFault } from '../refusal';
import type { CapState } from './rules/caps';
import type { KnownObject } from './rules/objects';
import type { HoldState } from './rules/operation';

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
  /** Absent where the call has no `Idempotency-Key`. */
  operation?: OperationKey;
  now: number;
  /** What the audit rows of the call have in common. */
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
  /** Whether no other call on its object was in flight when this one was admitted. */
  isUncontended?: boolean;
  admittedAt: number;
  audit: AuditRow;
}

export type Decision =
  | { admitted: true; call: AdmittedCall; remainingMicros: MicroUsd }
  | { admitted: false; refusal: BrokerRefusal };

/** How a call ended. */
export interface CallEnd {
  call: AdmittedCall;
  outcome: Outcome;
  now: number;
  audit: Partial<AuditRow>;
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
  state: HoldState;
  chargedTo: readonly string[];
  idempotencyKeyHash: string | null;
  createdAt: number;
  endedAt: number | null;
}

export interface RevokeDecision {
  /** When each known id was first revoked. */
  revokedAt: ReadonlyMap<string, number>;
  unknown: readonly string[];
}

export interface PageRequest {
  limit: number;
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
  expiresAt: number;
}

/** A copy of a store on its way: whole in one file, as of one moment. */
export interface StoreCopy {
  bytes: number;
  chunks: AsyncIterable<Buffer>;
}

/** What `/readyz` says of the store. */
export interface StoreState {
  kind: string;
  /** How far a commit reaches before it is acknowledged, as the writer itself reports it. */
  durability: string;
}

/** How busy the ledger is: counts alone, nobody's name. */
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

/**
 * The one place that decides about money. Every decision is one atomic step; a promise resolves
 * only once what it says is durable, and rejects where it is not.
 */
export interface Ledger {
  /** Rejects with a refusal where its parent or its lease is not live, or a brake stands over it. */
  issue(key: KeyRecord, remoteAddress?: string): Promise<void>;
  /**
   * As {@link issue}, for whoever lives no longer than the ledger: the key may be used at once, and
   * is written down with the first decision under it, or within moments.
   */
  issueSoon(key: KeyRecord, remoteAddress?: string): Promise<void>;
  /** What is wrong with what a key would hang on. */
  linkFaults(
    links: { parentId?: string; leaseId?: string },
    now: number,
  ): Promise<readonly FieldFault[]>;
  revoke(ids: readonly string[], now: number, remoteAddress?: string): Promise<RevokeDecision>;
  keyByTokenHash(hash: string): KeyRecord | undefined | Promise<KeyRecord | undefined>;
  key(id: string, now: number): Promise<KeyWithBalance | undefined>;
  keys(filter: KeyFilter, page: PageRequest, now: number): Promise<Page<KeyWithBalance>>;
  /** Every cap over a key, with what stands against it today; its own first. */
  capsOver(keyId: string, now: number): Promise<readonly CapState[]>;

  /** Brakes, the key again, its operation, its cap, its parents', every budget → a hold and the audit row of intent. */
  admit(admission: Admission): Promise<Decision>;
  /**
   * Settles, releases or marks the hold of a call that has ended, with the audit row of outcome.
   * Resolves once that is durable, or where it cannot be written, kept: then it is written with the
   * next transaction that passes.
   */
  end(end: CallEnd): Promise<void>;
  /**
   * The audit row of a call that was refused before it could be held. Of several refusals of one
   * kind under one key within a second, one row says how many there were.
   */
  recordRefusal(row: AuditRow): Promise<void>;

  /** What is known of a vendor's objects, by their ids; those that are not known are left out. */
  objects(
    vendor: string,
    account: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, KnownObject>>;

  holds(filter: HoldFilter, page: PageRequest): Promise<Page<Hold>>;
  /**
   * Ends a hold that is `unknown`, or `held` with no call under way on it, by an operator's word;
   * without micros it is released.
   */
  endUnknown(
    callId: string,
    settledMicros: MicroUsd | undefined,
    now: number,
    remoteAddress?: string,
  ): Promise<Hold>;

  putBudget(budget: Budget, now: number, remoteAddress?: string): Promise<void>;
  deleteBudget(rule: BudgetRule, now: number, remoteAddress?: string): Promise<boolean>;
  /** Those that operators have set. */
  budgets(): Promise<readonly Budget[]>;
  /**
   * The cap that a call under a budget would meet, the application's own among them, with what is
   * counted against it today; `undefined` where the budget caps several subjects, each alone.
   */
  capUnder(budget: Budget, now: number): Promise<CapState | undefined>;
  /** How many live keys a budget caps; `undefined` where there are too many to count in one request. */
  liveKeysUnder(budget: Budget, now: number): Promise<number | undefined>;
  /** Every cap over some subjects, an operator's and the application's apart. */
  capsOfSubjects(subjects: readonly BudgetSubject[], now: number): Promise<readonly SubjectCap[]>;
  /** The application's budgets over all that had a live key today. A page may be short, or empty. */
  appBudgets(cursor: string | undefined, now: number): Promise<Page<AppBudget>>;

  /**
   * The brake is in force once it resolves: with how many live keys it hit, or `undefined` where
   * they are counted later.
   */
  putBrake(brake: Brake, remoteAddress?: string): Promise<number | undefined>;
  liftBrake(id: string, now: number, remoteAddress?: string): Promise<Brake | undefined>;
  /** Those that stand. */
  brakes(now: number): Promise<readonly Brake[]>;

  putLease(lease: LeaseRecord): Promise<void>;
  /** Resolves with `undefined` where the lease is unknown or has lapsed. */
  renewLease(id: string, now: number): Promise<LeaseRecord | undefined>;
  /** Ends a lease; false where it was never there. */
  endLease(id: string, now: number): Promise<boolean>;

  /** The rows as they are chained, newest first. */
  audit(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>>;
  /** As {@link audit}, but intent and outcome of a call are one; its event is `call`. */
  auditRecords(filter: AuditFilter, page: PageRequest): Promise<Page<AuditRecord>>;
  /** Walks the chain of the audit log, in slices between which other work is done. */
  verifyAudit(head?: string): Promise<AuditVerdict>;
  figures(now: number): Promise<LedgerFigures>;
  /** Rejects where the store cannot take a decision. */
  state(): Promise<StoreState>;
  /** Begins a copy, which has to be read or broken off. Throws where there is nothing to copy. */
  copy(): Promise<StoreCopy>;
  close(): Promise<void>;
}
