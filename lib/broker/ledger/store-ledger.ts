import type { Log } from '../log';
import type { AuditVerdict } from '../audit/audit-chain';
import type { AuditEntry, AuditRow } from '../audit/audit-entry';
import type { Brake } from '../brakes/brake';
import type { Budget, BudgetRule, BudgetSubject } from '../budgets/budget';
import { statusOf } from '../keys/key';
import type { KeyRecord, KeyWithBalance } from '../keys/key';
import { toUsd } from '../../contract/usd';
import { APP_CODE, BY_APP_CODE } from '../operators/actor';
import type { Actor, Cause } from '../operators/actor';
import type { MicroUsd } from '../../contract/usd';
import { MoneyCounts } from '../metrics/money-counts';
import type { BrokerRefusal, FieldIssue } from '../refusal';
import { Approvals } from './approvals';
import { AuditSegments } from './audit-segments';
import type { Book } from './book';
import { BudgetRaises } from './budget-raises';
import { BudgetReport } from './budget-report';
import { HitCount } from './hit-count';
import { KeptSettlements } from './kept-settlements';
import type { Ledger } from './ledger';
import { LogRows } from './log-rows';
import type {
  Admission,
  AppBudget,
  AuditFilter,
  BrakeOrder,
  Decision,
  CallEnd,
  HoldFilter,
  Hold,
  KeyFilter,
  LedgerFigures,
  LeaseRecord,
  LiftedBrake,
  Page,
  PageRequest,
  RevokeDecision,
  StoreCopy,
  StoreState,
  SubjectCap,
  CapState,
} from './records';
import { PageSessions } from './page-sessions';
import { OpenHolds } from './open-holds';
import { RefusalRows } from './refusal-rows';
import { admit, refusalBeforePrice } from './rules/admission';
import type { CallBeforePrice } from './rules/admission';
import { activeBrakes, brake as setBrake, lift } from './rules/brakes';
import { deleteBudget, putBudget } from './rules/operator-budgets';
import { capsOver } from './rules/caps';
import {
  beginLease,
  checkIssue,
  endLease,
  linkFaults,
  renewLease,
  revoke,
  writeIssue,
} from './rules/issuance';
import type { KeyLinks } from './rules/issuance';
import { withBalance } from './rules/key-with-balance';
import { knownObjects } from './rules/objects';
import type { KnownObject } from './rules/objects';
import { issueInPlace } from './rules/repeated-issue';
import type { RepeatableIssue } from './rules/repeated-issue';
import { LedgerSpend } from './spend';
import { DEFAULT_THRESHOLDS } from './rules/thresholds';
import type { Thresholds } from './rules/thresholds';
import type { Store } from './store';
import { UnwrittenKeys } from './unwritten-keys';
import { WebhookStates } from './webhook-states';

/** A ledger on a store: each command is one rule, run on the store's book in one transaction. */
export class StoreLedger implements Ledger {
  readonly auditSegments: AuditSegments;
  readonly pageSessions: PageSessions;
  readonly approvals: Approvals;
  readonly raises: BudgetRaises;
  readonly money = new MoneyCounts();
  readonly spend: LedgerSpend;
  readonly logRows: LogRows;
  readonly webhooks: WebhookStates;
  readonly thresholds: Thresholds = { percents: DEFAULT_THRESHOLDS };
  readonly #unwritten = new UnwrittenKeys();
  readonly #kept: KeptSettlements;
  readonly #openHolds: OpenHolds;
  readonly #refusals: RefusalRows;
  readonly #hits: HitCount;
  readonly #budgetReport: BudgetReport;
  /** Decisions on their way that let calls pass which were refused. */
  #loosening = 0;

  /** @param log Takes the lines of the log, without their ends. */
  constructor(
    private readonly store: Store,
    log: Log = () => {},
  ) {
    this.auditSegments = new AuditSegments(store);
    this.pageSessions = new PageSessions(store);
    this.approvals = new Approvals(store);
    this.raises = new BudgetRaises(store);
    this.spend = new LedgerSpend(store);
    this.logRows = new LogRows(store);
    this.webhooks = new WebhookStates(store);
    this.#kept = new KeptSettlements(store, log, this.thresholds);
    this.#openHolds = new OpenHolds(store, this.#kept, this.thresholds);
    this.#refusals = new RefusalRows(store);
    this.#budgetReport = new BudgetReport(store);
    this.#hits = new HitCount(store, this.#unwritten);
    const noted = [this.#unwritten, this.#kept, this.#refusals, this.money];
    store.attach({
      unwrittenKey: (id) => this.#unwritten.get(id),
      logged: (row, more) => this.money.logged(row, more),
      sent: () => noted.forEach((each) => each.sent()),
      written: () => [...noted, this.logRows].forEach((each) => each.written()),
      undone: () => noted.forEach((each) => each.undone()),
      lost: () => noted.forEach((each) => each.lost()),
    });
  }

  now(): number {
    return this.store.now();
  }

  issue(key: KeyRecord, by: Actor = APP_CODE): Promise<void> {
    return this.store.run((book) => {
      checkIssue(book, key);
      this.#write(book, key.parentId);
      writeIssue(book, key, by);
    });
  }

  async issueSoon(key: KeyRecord): Promise<void> {
    // A store that may be broken is asked first.
    if (!this.#canPeek) return this.issue(key);
    this.store.peek((book) => checkIssue(book, key));
    this.#unwritten.add(key, APP_CODE);
    void this.store.keep({ work: (book) => this.#write(book, key.id) });
  }

  issueInPlace(issue: RepeatableIssue): Promise<KeyRecord> {
    return this.store.run((book) => {
      this.#write(book, issue.key.parentId);
      return issueInPlace(book, issue);
    });
  }

  linkFaults(links: KeyLinks): Promise<readonly FieldIssue[]> {
    return this.store.read((book) => linkFaults(book, links));
  }

  revoke(ids: readonly string[], by: Actor = APP_CODE): Promise<RevokeDecision> {
    return this.store.run((book) => {
      for (const id of ids) this.#write(book, id);
      return revoke(book, ids, by);
    });
  }

  revokeSoon(ids: readonly string[]): Promise<RevokeDecision> {
    return this.store.runSoon((book) => {
      for (const id of ids) this.#write(book, id);
      return revoke(book, ids, APP_CODE);
    });
  }

  keyByTokenHash(hash: string): KeyRecord | undefined | Promise<KeyRecord | undefined> {
    return this.#unwritten.byTokenHash(hash) ?? this.store.keyByTokenHash(hash);
  }

  key(id: string): Promise<KeyWithBalance | undefined> {
    return this.store.read((book) => withBalance(book, id));
  }

  async keys(filter: KeyFilter, page: PageRequest): Promise<Page<KeyWithBalance>> {
    const queries = await this.store.checkpoint();
    const { status } = filter;
    const now = this.store.now();
    return queries.keys({
      filter,
      page,
      now,
      brakes: await this.store.look((book) => activeBrakes(book)),
      show: (book, id) => {
        const entry = withBalance(book, id);
        if (entry === undefined || status === undefined) return entry;
        return statusOf(entry, now) === status ? entry : undefined;
      },
    });
  }

  capsOver(keyId: string): Promise<readonly CapState[]> {
    return this.store.read((book) => {
      const key = book.key(keyId);
      return key === undefined ? [] : capsOver(book, key);
    });
  }

  refusalBeforePrice(call: CallBeforePrice): Promise<BrokerRefusal | undefined> {
    return this.store.read((book) => refusalBeforePrice(book, call));
  }

  async admit(admission: Admission): Promise<Decision> {
    this.#kept.checkRoom();
    if (admission.isRead === true && this.#canPeek) return this.#admitRead(admission);
    return this.store.run(
      (book) => {
        this.#write(book, admission.key.id);
        // Here a call that only reads is written down like any other: that shows whether a write passes.
        const { decision, refusalRow } = admit(book, admission, true, this.thresholds);
        if (refusalRow !== undefined) this.#refusals.write(book, refusalRow);
        return decision;
      },
      (decision) => this.#kept.takeBack(decision),
    );
  }

  end(end: CallEnd): Promise<void> {
    return this.#kept.add(end);
  }

  hurry(): void {
    this.store.hurry();
  }

  recordRefusal(row: AuditRow): Promise<void> {
    return this.#refusals.record(row);
  }

  record(row: AuditRow): Promise<void> {
    return this.store.run((book) => book.log(row));
  }

  objects(
    vendor: string,
    account: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, KnownObject>> {
    return this.store.run((book) => knownObjects(book, { vendor, account }, ids));
  }

  hold(callId: string): Promise<Hold | undefined> {
    return this.store.read((book) => book.hold(callId));
  }

  holds(filter: HoldFilter, page: PageRequest): Promise<Page<Hold>> {
    return this.#openHolds.list(filter, page);
  }

  endHold(
    callId: string,
    settledMicros: MicroUsd | undefined,
    cause: Cause = BY_APP_CODE,
  ): Promise<Hold> {
    return this.#openHolds.end(callId, settledMicros, cause);
  }

  putBudget(budget: Budget, cause: Cause = BY_APP_CODE): Promise<void> {
    return this.store.run((book) => putBudget(book, budget, cause));
  }

  deleteBudget(rule: BudgetRule, cause: Cause = BY_APP_CODE): Promise<boolean> {
    return this.store.run((book) => deleteBudget(book, rule, cause));
  }

  budgets(): Promise<readonly Budget[]> {
    return this.store.read((book) => book.budgets());
  }

  capUnder(budget: Budget): Promise<CapState | undefined> {
    return this.#budgetReport.capUnder(budget);
  }

  liveKeysUnder(budget: Budget): Promise<number | undefined> {
    return this.#budgetReport.liveKeysUnder(budget, this.#unwritten.live(this.store.now()));
  }

  capsOfSubjects(subjects: readonly BudgetSubject[]): Promise<readonly SubjectCap[]> {
    return this.#budgetReport.capsOf(subjects);
  }

  appBudgets(cursor: string | undefined): Promise<Page<AppBudget>> {
    return this.#budgetReport.ofApp(cursor);
  }

  async putBrake(order: BrakeOrder, by: Actor = APP_CODE): Promise<Brake> {
    const brake = await this.store.run((book) => setBrake(book, order, by));
    const hit = await this.#hits.begin(brake, brake.createdAt);
    return hit === undefined ? brake : { ...brake, hit };
  }

  liftBrake(id: string, cause: Cause = BY_APP_CODE): Promise<LiftedBrake | undefined> {
    return this.#loosen((book) => {
      const lifted = lift(book, id, cause);
      if (lifted !== undefined) this.#hits.end(id);
      return lifted;
    });
  }

  brakes(): Promise<readonly Brake[]> {
    return this.store.read((book) => activeBrakes(book));
  }

  beginLease(id: string, ttlMs: number): Promise<LeaseRecord> {
    return this.store.run((book) => beginLease(book, id, ttlMs));
  }

  renewLease(id: string): Promise<LeaseRecord | undefined> {
    return this.#loosen((book) => renewLease(book, id));
  }

  endLease(id: string): Promise<boolean> {
    return this.store.run((book) => endLease(book, id));
  }

  async audit(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>> {
    return (await this.store.auditLog()).rows(filter, page);
  }

  async verifyAudit(head?: string): Promise<AuditVerdict> {
    return (await this.store.auditLog()).verify(head);
  }

  async figures(): Promise<LedgerFigures> {
    const { openMicros, ...counts } = await this.store.counts();
    return {
      ...counts,
      openUsd: { held: toUsd(openMicros.held), unknown: toUsd(openMicros.unknown) },
      liveKeys: counts.liveKeys + this.#unwritten.live(this.store.now()).length,
      keptSettlements: this.#kept.count,
    };
  }

  async state(): Promise<StoreState> {
    const state = await this.store.state();
    this.#kept.checkRoom();
    return state;
  }

  copy(): Promise<StoreCopy> {
    return this.store.copy();
  }

  async close(): Promise<void> {
    this.#hits.close();
    try {
      await this.#refusals.close();
    } catch {
      // Only a store that cannot be written loses how many there were.
    }
    await this.store.close();
    this.#kept.closed();
  }

  /** Counts the live keys that brakes have hit where a crash has cut the count off. */
  resumeCounts(): Promise<void> {
    return this.#hits.resume();
  }

  /** Whether what is decided so far is as good as written, for what moves no money by itself. */
  get #canPeek(): boolean {
    if (!this.store.canPeek) return false;
    return !this.store.isFailing && !this.store.isLate && this.#loosening === 0;
  }

  async #loosen<T>(work: (book: Book) => T): Promise<T> {
    this.#loosening += 1;
    try {
      return await this.store.run(work);
    } finally {
      this.#loosening -= 1;
    }
  }

  /** Nothing of it has to last: it is decided on what is decided so far, at once. */
  async #admitRead(admission: Admission): Promise<Decision> {
    const { decision, refusalRow } = this.store.peek((book) => admit(book, admission));
    if (refusalRow !== undefined) await this.#refusals.record(refusalRow);
    return decision;
  }

  /** Writes a key that was given out before; the keys above it first. */
  #write(book: Book, id: string | undefined): void {
    for (const { key, by } of this.#unwritten.take(id)) {
      writeIssue(book, key, by);
    }
  }
}
