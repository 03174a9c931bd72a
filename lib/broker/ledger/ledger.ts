import type {
  Admission,
  AppBudget,
  AuditFilter,
  BrakeOrder,
  CallEnd,
  Decision,
  Hold,
  HoldFilter,
  KeyFilter,
  LeaseRecord,
  LiftedBrake,
  LedgerFigures,
  Page,
  PageRequest,
  RevokeDecision,
  StoreCopy,
  StoreState,
  SubjectCap,
  CapState,
} from './records';
import type { Approvals } from './approvals';
import type { AuditSegments } from './audit-segments';
import type { PageSessions } from './page-sessions';
import type { BudgetRaises } from './budget-raises';
import type { AuditVerdict } from '../audit/audit-chain';
import type { AuditEntry, AuditRow } from '../audit/audit-entry';
import type { Brake } from '../brakes/brake';
import type { Budget, BudgetRule, BudgetSubject } from '../budgets/budget';
import type { KeyRecord, KeyWithBalance } from '../keys/key';
import type { MoneyCounts } from '../metrics/money-counts';
import type { Actor, Cause } from '../operators/actor';
import type { MicroUsd } from '../../contract/usd';
import type { BrokerRefusal, FieldIssue } from '../refusal';
import type { LogRows } from './log-rows';
import type { CallBeforePrice } from './rules/admission';
import type { KnownObject } from './rules/objects';
import type { LedgerSpend } from './spend';
import type { Thresholds } from './rules/thresholds';
import type { WebhookStates } from './webhook-states';
import type { RepeatableIssue } from './rules/repeated-issue';

/**
 * The one place that decides about money. Every decision is one atomic step; a promise resolves
 * only once what it says is durable, and rejects where it is not. Where that is not so, the method
 * says it. A change without an actor or a cause is one that code in this very process asks for.
 */
export interface Ledger {
  /** The end of the audit log: what events are made of. */
  readonly logRows: LogRows;
  /** How far the webhooks have come. */
  readonly webhooks: WebhookStates;
  /** Which parts of a budget's cap are told; what is set here counts from the next call on. */
  readonly thresholds: Thresholds;
  /** The store's clock, in epoch milliseconds. */
  now(): number;
  /** Rejects with a refusal where its parent or its lease is not live, or a brake stops it. */
  issue(key: KeyRecord, by?: Actor): Promise<void>;
  /**
   * As {@link issue}, for a caller in the same process: the key may be used at once, and
   * is written down with the first decision under it, or within moments.
   */
  issueSoon(key: KeyRecord): Promise<void>;
  /**
   * As {@link issue}, for a request that may be repeated: the key that it has led to before is revoked in
   * the same step. Gives the key as it was issued, and rejects where the request had other terms before.
   */
  issueInPlace(issue: RepeatableIssue): Promise<KeyRecord>;
  /** What is wrong with what a key would hang on. */
  linkFaults(links: { parentId?: string; leaseId?: string }): Promise<readonly FieldIssue[]>;
  revoke(ids: readonly string[], by?: Actor): Promise<RevokeDecision>;
  /**
   * As {@link revoke}, for a caller in the same process: the keys serve no call from now on, which is
   * written down within moments.
   */
  revokeSoon(ids: readonly string[]): Promise<RevokeDecision>;
  keyByTokenHash(hash: string): KeyRecord | undefined | Promise<KeyRecord | undefined>;
  key(id: string): Promise<KeyWithBalance | undefined>;
  keys(filter: KeyFilter, page: PageRequest): Promise<Page<KeyWithBalance>>;
  /** Every cap over a key, with what counts against it today; its own first. */
  capsOver(keyId: string): Promise<readonly CapState[]>;

  /** Why nothing may be looked up at the vendor for a call whose price is not known yet; `undefined` where it may. */
  refusalBeforePrice(call: CallBeforePrice): Promise<BrokerRefusal | undefined>;
  /** Brakes, the key again, its operation, its cap, its parents', every budget → a hold. A call that only reads waits for no write while the store is well. */
  admit(admission: Admission): Promise<Decision>;
  /**
   * Settles, releases or marks the hold of a call that has ended, with the call's audit row.
   * Resolves once that is durable, or where it cannot be written, kept: then it is written with the
   * next transaction that passes.
   */
  end(end: CallEnd): Promise<void>;
  /** Has settlements and revocations that wait for other decisions written now. */
  hurry(): void;
  /**
   * The audit row of a call that was refused before it could be held. Of several refusals of one
   * kind under one key within a second, one row says how many there were.
   */
  recordRefusal(row: AuditRow): Promise<void>;

  /** The audit row of what was done and decides nothing: a look-up at the vendor, a copy of the store. */
  record(row: AuditRow): Promise<void>;

  /** What is known of a vendor's objects, by their ids; those that are not known are left out. */
  objects(
    vendor: string,
    account: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, KnownObject>>;

  hold(callId: string): Promise<Hold | undefined>;
  holds(filter: HoldFilter, page: PageRequest): Promise<Page<Hold>>;
  /**
   * Ends a hold that is `unknown`, or `held` with no call in flight on it, as an operator says;
   * without micros it is released.
   */
  endHold(callId: string, settledMicros: MicroUsd | undefined, cause?: Cause): Promise<Hold>;

  putBudget(budget: Budget, cause?: Cause): Promise<void>;
  deleteBudget(rule: BudgetRule, cause?: Cause): Promise<boolean>;
  /** Those that operators have set. */
  budgets(): Promise<readonly Budget[]>;
  /**
   * The cap that a call under a budget would meet, the application's own among them, with what is
   * counted against it in its period; `undefined` where the budget caps several subjects, each alone.
   */
  capUnder(budget: Budget): Promise<CapState | undefined>;
  /** How many live keys a budget caps; `undefined` where there are too many to count in one request. */
  liveKeysUnder(budget: Budget): Promise<number | undefined>;
  /** Every cap over some subjects, an operator's and the application's apart. */
  capsOfSubjects(subjects: readonly BudgetSubject[]): Promise<readonly SubjectCap[]>;
  /** The application's budgets over all that had a live key today. A page may be short, or empty. */
  appBudgets(cursor: string | undefined): Promise<Page<AppBudget>>;

  /**
   * The brake is in force once it resolves. Its `hit` says how many live keys it has hit; absent where
   * they are counted later.
   */
  putBrake(order: BrakeOrder, by?: Actor): Promise<Brake>;
  /**
   * Resolves with `undefined` where there is no active brake of that id. Rejects with a refusal where the
   * application's token would lift what an operator has set.
   */
  liftBrake(id: string, cause?: Cause): Promise<LiftedBrake | undefined>;
  /** The active ones. */
  brakes(): Promise<readonly Brake[]>;

  beginLease(id: string, ttlMs: number): Promise<LeaseRecord>;
  /** Resolves with `undefined` where the lease is unknown or has lapsed. */
  renewLease(id: string): Promise<LeaseRecord | undefined>;
  /** Ends a lease; false where it was never there. */
  endLease(id: string): Promise<boolean>;

  /** The rows of the audit log, newest first. A page may be short, or empty, where the way to the next is long. */
  audit(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>>;
  /** Walks the chain of the audit log, in slices between which other work is done. */
  verifyAudit(head?: string): Promise<AuditVerdict>;
  readonly auditSegments: AuditSegments;
  readonly pageSessions: PageSessions;
  readonly approvals: Approvals;
  readonly raises: BudgetRaises;
  /** What became of money since the process began. */
  readonly money: MoneyCounts;
  readonly spend: LedgerSpend;
  figures(): Promise<LedgerFigures>;
  /** Rejects where the store cannot take a decision. */
  state(): Promise<StoreState>;
  /** Begins a copy, which has to be read or broken off. Throws where there is nothing to copy. */
  copy(): Promise<StoreCopy>;
  close(): Promise<void>;
}
