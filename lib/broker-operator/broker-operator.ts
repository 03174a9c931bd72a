import type { VendorOptions } from '../broker/accounts/account';
import type { Brake, BrakeRequest, KeySubject } from '../broker-client/broker-client';
import type {
  AuditEntryInfo,
  AuditPageInfo,
  AuditQuery,
  AuditSegmentInfo,
  AuditSegmentPageInfo,
  AuditVerdictInfo,
} from './audit-types';
import type {
  ApprovalInfo,
  ApprovalPageInfo,
  ApprovalQuery,
  BrokerFigures,
  BudgetAddress,
  BudgetInfo,
  BudgetPageInfo,
  BudgetTarget,
  BudgetTerms,
  ChangedBy,
  EffectiveCap,
  HoldInfo,
  HoldPageInfo,
  HoldQuery,
  KeyInfo,
  KeyPageInfo,
  KeyQuery,
  PageQuery,
  RaiseInfo,
  RaiseRequest,
  StoreInfo,
} from './operator-types';
import type { SpendPageInfo, SpendPageQuery, SpendQuery } from './spend-types';

/**
 * What only an operator asks of a broker: keys and their spend, budgets, brakes, holds with an
 * unknown outcome, the audit log. All sums are in USD, all times are `Date`s.
 *
 * Inject it where the module is configured with `embedded`; elsewhere each method throws, and the
 * broker's own management API and `vault-key-broker` do the same work.
 *
 * Each method rejects with a `CallRefusedException` whose message names every invalid field (422) or
 * says what is missing (404), and with a `VaultKeyUnavailableException` while the store cannot be
 * read or written.
 *
 * @example
 * constructor(private readonly operator: BrokerOperator) {}
 *
 * capUser(userId: string, admin: string) {
 *   const target = { scope: 'user', id: userId } as const;
 *   return this.operator.setBudget(target, 1_000, undefined, { operator: admin, reason: 'a fair' });
 * }
 */
export abstract class BrokerOperator {
  /** Keys, the newest first. */
  abstract keys(query?: KeyQuery): Promise<KeyPageInfo>;

  /** One key, with what is spent under it. */
  abstract key(id: string): Promise<KeyInfo>;

  /**
   * Revokes keys. Once it resolves, the broker admits no call with any of them.
   *
   * @param ids 1–1,000 of them.
   * @returns How many keys are revoked now, and the ids that no key has.
   */
  abstract revokeKeys(ids: readonly string[]): Promise<{ revoked: number; unknown: string[] }>;

  /**
   * Sets a cap over a period of a subject, in place of the one that an operator set before. The tightest
   * cap over a call decides: this never raises one that the application has set; {@link raise} does.
   *
   * @param target Of the day, and refusing, unless it says otherwise.
   * @param dailyUsdCap USD a period (UTC), with at most 2 decimals; 0 stops the subject's spending.
   * @param limits What each call of the subject must keep to beside the cap, and what needs an approval.
   * They replace those that an operator set before: without `limits` the budget has no more. Those of a
   * key hold as well.
   * @param by Who asks for it, for the audit log.
   */
  abstract setBudget(
    target: BudgetAddress,
    dailyUsdCap: number,
    limits?: BudgetTerms,
    by?: ChangedBy,
  ): Promise<BudgetInfo>;

  /** The cap that an operator has set over a subject. */
  abstract budget(target: BudgetAddress): Promise<BudgetInfo>;

  /**
   * Every budget in force: those that operators have set, then the application's over all
   * subjects with a live key today.
   *
   * @param cursor That of the page before; absent for the first one.
   */
  abstract budgets(cursor?: string): Promise<BudgetPageInfo>;

  /**
   * Every cap over one subject, an operator's and the application's apart, and what is raised.
   *
   * @param subject What is absent is what a key without it has.
   */
  abstract effectiveBudgets(subject: KeySubject & { vendor?: string }): Promise<EffectiveCap[]>;

  /** Removes the cap that an operator has set over a subject. */
  abstract removeBudget(target: BudgetAddress, by?: ChangedBy): Promise<void>;

  /**
   * Adds to every cap of one subject for a while: to an operator's and the application's, of each period, and
   * to no key and no other scope. Several raises add up; those of the role `operator` come to at most the cap.
   *
   * @param by Who asks for it, for the audit log.
   * @example
   * await this.operator.raise({ scope: 'user', id: 'u1' }, { usd: 200, expiresIn: '2h', reason: 'a refund by hand' });
   */
  abstract raise(
    target: BudgetTarget,
    raise: RaiseRequest,
    by?: Pick<ChangedBy, 'operator'>,
  ): Promise<RaiseInfo>;

  /** Ends a raise before it expires; what is left may be below 0 then. */
  abstract endRaise(target: BudgetTarget, raiseId: string, by?: ChangedBy): Promise<void>;

  /**
   * Stops a subject: new keys, and calls with live ones. Once it resolves, no call of the subject is
   * admitted; calls already sent to the vendor go on. `BrakeService` does the same where the broker
   * is a server, too.
   */
  abstract brake(request: BrakeRequest, by?: Pick<ChangedBy, 'operator'>): Promise<Brake>;

  /** The active brakes, the oldest first. */
  abstract brakes(): Promise<readonly Brake[]>;

  /** Lifts a brake. */
  abstract lift(brakeId: string, by?: ChangedBy): Promise<void>;

  /** The calls that people are asked for, the newest first. Those in the state `pending` wait for an answer. */
  abstract approvals(query?: ApprovalQuery): Promise<ApprovalPageInfo>;

  /** One of them, with all parameters of its call but secrets. */
  abstract approval(id: string): Promise<ApprovalInfo>;

  /**
   * Lets the call of an approval pass, once, within 15 minutes. The caps decide again when it comes.
   *
   * @param by Who approves, for the audit log.
   */
  abstract approve(id: string, by?: ChangedBy): Promise<ApprovalInfo>;

  /** Refuses the call of an approval for 15 minutes; also of one that was approved, until a call has used it. */
  abstract deny(id: string, by?: ChangedBy): Promise<ApprovalInfo>;

  /** Holds, the newest first. Those in the state `unknown` wait for an operator. */
  abstract holds(query?: HoldQuery): Promise<HoldPageInfo>;

  /**
   * Ends a hold whose outcome is unknown: the vendor executed the call.
   *
   * @param usd What the vendor charged: 0 to what is held, with at most 6 decimals.
   */
  abstract settleHold(id: string, usd: number, by?: ChangedBy): Promise<HoldInfo>;

  /** Ends a hold whose outcome is unknown: the vendor did not execute the call. */
  abstract releaseHold(id: string, by?: ChangedBy): Promise<HoldInfo>;

  /** The audit log, the newest entry first; each call is one entry. */
  abstract audit(query?: AuditQuery): Promise<AuditPageInfo>;

  /** Every entry of the audit log that a query finds, the newest first, read page by page. */
  abstract auditEntries(query?: Omit<AuditQuery, 'cursor'>): AsyncIterable<AuditEntryInfo>;

  /**
   * Checks every row of the audit log against the chain.
   *
   * @param head The head of an earlier check, kept elsewhere: the log must still lead to it.
   */
  abstract verifyAudit(head?: string): Promise<AuditVerdictInfo>;

  /**
   * What was spent, by day, hour, tenant, user, tool or vendor. It adds up to the audit log, and to what the
   * budgets of the same days say.
   */
  abstract spend(query?: SpendPageQuery): Promise<SpendPageInfo>;

  /** All rows of spend as CSV, in pieces. A text that a spreadsheet would take for a formula begins with `'`. */
  abstract spendCsv(query?: SpendQuery): AsyncIterable<string>;

  /** The segments of the audit log, the newest first. One is cut each day (UTC). */
  abstract auditSegments(query?: PageQuery): Promise<AuditSegmentPageInfo>;

  /** Cuts the audit log at its last row, so that all its rows can be exported. */
  abstract cutAudit(): Promise<AuditSegmentInfo>;

  /**
   * Writes each segment of the audit log that was not exported yet into a folder, as a file of NDJSON.
   * Once `retention` is over, the rows of these segments leave the store.
   *
   * @returns The paths of the files, the oldest segment first.
   * @throws Error where a file cannot be written; the segments before it are exported all the same.
   */
  abstract exportAudit(folder: string): Promise<{ files: string[] }>;

  /**
   * Takes accounts in place of those that the broker works with, and reads the files of their secrets: to
   * change a secret, or to add an account, while the application runs. Holds, connections and calls
   * under way go on; keys for an account that is left out serve no call any more.
   *
   * @param vendors All accounts, as in `embedded.vendors`; those given last where it is left out, so that
   * only their files are read again.
   * @throws CallRefusedException `invalid_request`, naming every fault; then all is as before.
   * @example
   * await this.operator.reload({ stripe: { secretKey, nextSecretKey } });
   */
  abstract reload(vendors?: Readonly<Record<string, VendorOptions>>): Promise<void>;

  /** How busy the broker is, in counts. */
  abstract figures(): Promise<BrokerFigures>;

  /** The kind of store, and how durable its commits are. Rejects while it takes no decision. */
  abstract store(): Promise<StoreInfo>;

  /**
   * Copies the store into a new file while it is in use, as of the moment that the copy begins. The
   * audit key is not in it.
   *
   * @returns The size of the copy.
   * @throws Error where a file of that name exists, or it cannot be written.
   */
  abstract backup(file: string): Promise<{ bytes: number }>;
}
