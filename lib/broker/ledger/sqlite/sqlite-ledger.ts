import type { AuditVerdict } from '../../audit/audit-chain';
import { auditRowOf } from '../../audit/audit-entry';
import type { AuditEntry, AuditRecord, AuditRow } from '../../audit/audit-entry';
import { brakeOver, isInForce } from '../../brakes/brake';
import type { Brake, BrakeSubject } from '../../brakes/brake';
import { appCap, dayBalanceName, dayOf, endOfDay, subjectsOf, tighter } from '../../budgets/budget';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import { Clock } from '../../clock';
import { instantText } from '../../instant';
import { isLive, statusOf } from '../../keys/key';
import type { KeyRecord, KeyWithBalance } from '../../keys/key';
import { usdText } from '../../money/usd';
import type { MicroUsd } from '../../money/usd';
import {
  BrokerRefusal,
  brakedBy,
  invalidFields,
  invalidKey,
  notFound,
  parentMissing,
} from '../../refusal';
import type { FieldFault } from '../../refusal';
import { capRefusal, holdFor, remainingAfter } from '../decide';
import type { CapState, KnownObject } from '../decide';
import type {
  Admission,
  AppBudget,
  AuditFilter,
  Decision,
  HoldEnd,
  HoldFilter,
  HoldRecord,
  KeyFilter,
  Ledger,
  LedgerFigures,
  LeaseRecord,
  Page,
  PageRequest,
  RevokeDecision,
  StoreState,
  SubjectCap,
} from '../ledger';
import { sendingOf } from '../operation';
import type { Operation } from '../operation';
import { AcceptedDoubts } from '../store-doubt';
import { auditOfCap, auditOfRule, operatorRow, ruleText } from './audit-rows';
import { AuditTable } from './audit-table';
import { checkBalances } from './balance-check';
import { BrakeTable } from './brake-table';
import { BudgetReport } from './budget-report';
import { BudgetTable } from './budget-table';
import { GroupCommit } from './group-commit';
import { HitCount } from './hit-count';
import { HoldTable } from './hold-table';
import { Journal } from './journal';
import { KeptSettlements } from './kept-settlements';
import { KeySearch } from './key-search';
import type { LiveKey } from './key-search';
import { KeyTable } from './key-table';
import { LeaseTable } from './lease-table';
import { OperationTable } from './operation-table';
import { PromisedKeys } from './promised-keys';
import { RefusalRows } from './refusal-rows';
import type { Rows } from './rows';
import type { SqliteConnection } from './sqlite-driver';
import { SubjectKeys } from './subject-keys';
import { closeWhenForgotten } from './open-stores';
import { Settlements, keyBalanceName } from './settlements';
import type { StoreCopy } from '../ledger';
import { openStore } from './sqlite-store';
import type { OpenStore, StoreSettings } from './sqlite-store';

const DURABILITY = ['off', 'normal', 'full', 'extra'];
const MAX_PARENTS = 16;

/** How a ledger is opened; what is not given is as for a store of its own. */
export interface LedgerSettings extends Partial<StoreSettings> {
  /** Takes the lines of the log, without their ends. */
  log?: ((line: string) => void) | undefined;
}

/** A cap over a call, and the balance it is counted in. */
interface ChargedCap extends CapState {
  balanceName: string;
}

/**
 * The ledger in one SQLite file, or in memory. One process has the file (an exclusive lock), and
 * every acknowledged decision is on the disk (`synchronous=FULL`).
 */
export class SqliteLedger implements Ledger {
  readonly #tell: (line: string) => void;
  readonly #store: OpenStore;
  readonly #connection: SqliteConnection;
  readonly #commits: GroupCommit;
  readonly #keys: KeyTable;
  readonly #search: KeySearch;
  readonly #hits: HitCount;
  readonly #holds: HoldTable;
  readonly #operations: OperationTable;
  readonly #budgets: BudgetTable;
  readonly #budgetReport: BudgetReport;
  readonly #brakes: BrakeTable;
  readonly #leases: LeaseTable;
  readonly #log: AuditTable;
  readonly #settlements: Settlements;
  readonly #refusals: RefusalRows;
  readonly #journal: Journal;
  readonly #promised = new PromisedKeys();
  readonly #kept: KeptSettlements;

  /**
   * @param file A path, or `:memory:`.
   * @throws StoreInUseError where a broker has the file.
   * @throws DoubtfulStoreError where it may not be the store that was left.
   * @throws Error where it cannot be opened, or is of a newer version.
   */
  constructor(file: string, settings: LedgerSettings = {}) {
    const { clock = new Clock(), doubts = new AcceptedDoubts(), log = () => {} } = settings;
    this.#tell = log;
    this.#store = openStore(file, { ...settings, clock, doubts });
    const { connection, chain, latest } = this.#store;
    this.#connection = connection;
    try {
      this.#leases = new LeaseTable(connection);
      this.#keys = new KeyTable(connection, this.#leases);
      this.#search = new KeySearch(connection);
      this.#holds = new HoldTable(connection);
      this.#operations = new OperationTable(connection);
      this.#budgets = new BudgetTable(connection);
      this.#budgetReport = new BudgetReport({
        search: this.#search,
        subjectKeys: new SubjectKeys(connection),
        budgets: this.#budgets,
        holds: this.#holds,
      });
      this.#brakes = new BrakeTable(connection);
      this.#log = new AuditTable(connection, chain);
      this.#settlements = new Settlements(this.#keys, this.#holds, this.#operations, this.#log);
      this.#journal = new Journal(connection, [
        this.#keys.rows as unknown as Rows<never>,
        ...this.#holds.rows,
        this.#operations.rows as unknown as Rows<never>,
      ]);
      this.#commits = new GroupCommit(connection, {
        beforeCommit: () => {
          this.#journal.beforeCommit();
          this.#log.seal();
          latest.beforeCommit(this.#commits.failed);
        },
        onCommit: () => {
          latest.committed();
          this.#journal.committed();
          this.#keys.committed();
          this.#holds.committed();
          this.#promised.committed();
          this.#kept.committed();
          this.#refusals.committed();
        },
        onRollback: () => this.#forget(),
        onFailure: (reason) =>
          log(`the store ${file} cannot be written (${reason}): until it can, calls are refused`),
        onRecovery: () => log(`the store ${file} can be written again`),
      });
      this.#kept = new KeptSettlements(this.#commits, this.#operations, log);
      this.#refusals = new RefusalRows(this.#commits, this.#log);
      this.#writeAll();
      checkBalances(connection, file, doubts);
      if (this.#operations.inFlight().length > 0) {
        this.#commits.runNow(() => {
          this.#settlements.endFlights(clock.now());
          this.#journal.writeAll();
        });
      }
      this.#holds.markAllUnknown();
      this.#operations.forgetFlights();
      this.#journal.forgetRead();
      this.#keys.beginCount(clock.now());
      this.#hits = new HitCount(this.#search, {
        isHit: (key, brake, now) => this.#stops(brake, key, now),
        note: (brake, hit) =>
          void this.#commits.runSoon(() => this.#brakes.noteHit(brake.id, hit)).catch(() => {}),
      });
      // Those whose count a crash has cut off.
      for (const brake of this.#brakes.standing) {
        if (brake.hit === undefined) this.#hits.begin(brake, clock.now(), 0);
      }
    } catch (error) {
      this.#store.abandon();
      throw error;
    }
    closeWhenForgotten(this, this.#store.close);
  }

  issue(key: KeyRecord, remoteAddress?: string): Promise<void> {
    return this.#commits.run(() => {
      this.#checkIssue(key);
      this.#writeIssue(key, remoteAddress);
    });
  }

  async issueSoon(key: KeyRecord, remoteAddress?: string): Promise<void> {
    // A store that may be broken is asked first.
    if (this.#commits.failed) return this.issue(key, remoteAddress);
    this.#checkIssue(key);
    this.#promised.add(key, remoteAddress);
    void this.#commits.keep({ work: () => this.#keepPromise(key.id) });
  }

  async linkFaults(
    links: { parentId?: string; leaseId?: string },
    now: number,
  ): Promise<readonly FieldFault[]> {
    this.#commits.flush();
    return this.#linkFaults(links, now);
  }

  revoke(ids: readonly string[], now: number, remoteAddress?: string): Promise<RevokeDecision> {
    return this.#commits.run(() => {
      const revokedAt = new Map<string, number>();
      const unknown: string[] = [];
      for (const id of ids) {
        this.#keepPromise(id);
        const key = this.#keys.get(id);
        if (key === undefined) {
          unknown.push(id);
        } else if (key.revokedAt !== undefined) {
          revokedAt.set(id, key.revokedAt);
        } else {
          this.#keys.revoke(key, now);
          revokedAt.set(id, now);
          this.#log.write(auditRowOf('revoke', now, key, remoteAddress));
        }
      }
      return { revokedAt, unknown };
    });
  }

  keyByTokenHash(hash: string): KeyRecord | undefined {
    return this.#promised.byTokenHash(hash) ?? this.#keys.byTokenHash(hash);
  }

  async key(id: string, now: number): Promise<KeyWithBalance | undefined> {
    this.#commits.flush();
    const key = this.#key(id);
    return key === undefined ? undefined : this.#withBalance(key, now);
  }

  async keys(filter: KeyFilter, page: PageRequest, now: number): Promise<Page<KeyWithBalance>> {
    this.#writeAll();
    const { status } = filter;
    return this.#search.page({
      filter,
      page,
      now,
      brakes: this.#brakesInForce(now),
      unrevoked: this.#keys.counts(now).unrevoked,
      show: (id) => {
        const key = this.#keys.get(id);
        const entry = key === undefined ? undefined : this.#withBalance(key, now);
        return entry === undefined || (status !== undefined && statusOf(entry, now) !== status)
          ? undefined
          : entry;
      },
    });
  }

  async capsOver(keyId: string, now: number): Promise<readonly CapState[]> {
    this.#commits.flush();
    const key = this.#key(keyId);
    return key === undefined ? [] : this.#capsOver(key, now);
  }

  async admit(admission: Admission): Promise<Decision> {
    this.#kept.checkRoom();
    return this.#commits.run(() => this.#decide(admission));
  }

  end(end: HoldEnd): Promise<void> {
    return this.#kept.add(end, () => this.#settlements.finish(end));
  }

  recordRefusal(row: AuditRow): Promise<void> {
    return this.#refusals.record(row);
  }

  objects(
    vendor: string,
    account: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, KnownObject>> {
    return this.#commits.run(() => {
      const found = new Map<string, KnownObject>();
      for (const id of ids) {
        const object = this.#holds.object(vendor, account, id);
        if (object !== undefined) found.set(id, object);
      }
      return found;
    });
  }

  async holds(filter: HoldFilter, page: PageRequest): Promise<Page<HoldRecord>> {
    this.#writeAll();
    const stranded = this.#kept.holdIds.filter((id) => {
      const hold = this.#holds.get(id);
      return hold !== undefined && this.#kept.hasStranded(hold);
    });
    const rows = this.#holds.page(filter, { ...page, limit: page.limit + 1 }, stranded);
    const entries = rows.slice(0, page.limit);
    const last = entries.at(-1);
    return {
      entries,
      ...(rows.length > page.limit && last !== undefined ? { next: String(last.position) } : {}),
    };
  }

  endUnknown(
    callId: string,
    settledMicros: MicroUsd | undefined,
    now: number,
    remoteAddress?: string,
  ): Promise<HoldRecord> {
    return this.#commits.run(() => {
      const hold = this.#holds.get(callId);
      if (hold === undefined) throw notFound('There is no hold of that id.');
      if (hold.state !== 'unknown' && !this.#kept.hasStranded(hold)) {
        throw invalidFields([
          {
            field: 'id',
            message: `names a hold that is ${hold.state}, and only one that is unknown can be ended`,
          },
        ]);
      }
      return this.#settlements.endByOperator(hold, settledMicros, now, remoteAddress);
    });
  }

  putBudget(budget: Budget, now: number, remoteAddress?: string): Promise<void> {
    return this.#commits.run(() => {
      const before = this.#budgets.get(budget);
      this.#budgets.put(budget);
      this.#log.write({
        ...operatorRow('budget', now, remoteAddress),
        ...auditOfRule(budget),
        verdict: 'set',
        reason: `${ruleText(budget)}: ${usdText(budget.capMicros)}${before === undefined ? '' : `, ${usdText(before)} before`}`,
        cap_micros: budget.capMicros,
      });
    });
  }

  deleteBudget(rule: BudgetRule, now: number, remoteAddress?: string): Promise<boolean> {
    return this.#commits.run(() => {
      const removed = this.#budgets.get(rule);
      if (removed === undefined) return false;
      this.#budgets.delete(rule);
      this.#log.write({
        ...operatorRow('budget', now, remoteAddress),
        ...auditOfRule(rule),
        verdict: 'removed',
        reason: `${ruleText(rule)}: ${usdText(removed)} before`,
        cap_micros: removed,
      });
      return true;
    });
  }

  async budgets(): Promise<readonly Budget[]> {
    this.#commits.flush();
    return this.#budgets.all();
  }

  async capUnder(budget: Budget, now: number): Promise<CapState | undefined> {
    this.#writeAll();
    return this.#budgetReport.capUnder(budget, now);
  }

  async liveKeysUnder(budget: Budget, now: number): Promise<number | undefined> {
    this.#writeAll();
    return this.#budgetReport.liveKeysUnder(budget, this.#promised.live(now), now);
  }

  async capsOfSubjects(
    subjects: readonly BudgetSubject[],
    now: number,
  ): Promise<readonly SubjectCap[]> {
    this.#writeAll();
    return this.#budgetReport.capsOf(subjects, now);
  }

  async appBudgets(cursor: string | undefined, now: number): Promise<Page<AppBudget>> {
    this.#writeAll();
    return this.#budgetReport.ofApp(cursor, now);
  }

  async putBrake(brake: Brake, remoteAddress?: string): Promise<number | undefined> {
    await this.#commits.run(() => {
      this.#brakes.put(brake);
      this.#log.write({
        ...operatorRow('brake', brake.createdAt, remoteAddress),
        verdict: 'braked',
        reason: `${brake.id} ${brake.scope} ${brake.target}: ${brake.reason}`,
      });
      // The keys that it hits are counted in their table.
      this.#journal.writeAll();
    });
    // Those whose write has failed so far are in no table.
    const promised = this.#promised
      .live(brake.createdAt)
      .filter((key) => this.#stops(brake, key, brake.createdAt));
    return this.#hits.begin(brake, brake.createdAt, promised.length);
  }

  liftBrake(id: string, now: number, remoteAddress?: string): Promise<Brake | undefined> {
    return this.#commits.run(() => {
      const brake = this.#brakes.lift(id);
      if (brake !== undefined) {
        this.#hits.end(id);
        this.#log.write({
          ...operatorRow('lift', now, remoteAddress),
          verdict: 'lifted',
          reason: `${brake.id} ${brake.scope} ${brake.target}`,
        });
      }
      return brake;
    });
  }

  async brakes(now: number): Promise<readonly Brake[]> {
    this.#commits.flush();
    return this.#brakesInForce(now);
  }

  putLease(lease: LeaseRecord): Promise<void> {
    return this.#commits.run(() => this.#leases.put(lease));
  }

  renewLease(id: string, now: number): Promise<LeaseRecord | undefined> {
    return this.#commits.run(() => {
      const lease = this.#leases.get(id);
      // One that has lapsed stays so: its keys have stopped, and some may have been told.
      if (lease === undefined || lease.expiresAt <= now) return undefined;
      const renewed = { ...lease, expiresAt: now + lease.ttlMs };
      this.#leases.put(renewed);
      return renewed;
    });
  }

  endLease(id: string, now: number): Promise<boolean> {
    return this.#commits.run(() => {
      const lease = this.#leases.get(id);
      if (lease === undefined) return false;
      this.#leases.put({ ...lease, expiresAt: Math.min(lease.expiresAt, now) });
      return true;
    });
  }

  async audit(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>> {
    this.#commits.flush();
    return this.#log.page(filter, page);
  }

  async auditRecords(filter: AuditFilter, page: PageRequest): Promise<Page<AuditRecord>> {
    this.#commits.flush();
    return this.#log.records(filter, page);
  }

  async verifyAudit(head?: string): Promise<AuditVerdict> {
    this.#commits.flush();
    return this.#log.verify(head);
  }

  async figures(now: number): Promise<LedgerFigures> {
    this.#commits.flush();
    return {
      liveKeys: this.#keys.counts(now).live + this.#promised.live(now).length,
      openHolds: this.#holds.openCounts,
      keptSettlements: this.#kept.count,
      ...this.#commits.figures,
    };
  }

  async state(): Promise<StoreState> {
    await this.#commits.run(() => undefined);
    const row = this.#connection.prepare('PRAGMA synchronous').get() as { synchronous: number };
    return { kind: 'sqlite', durability: DURABILITY[row.synchronous] ?? String(row.synchronous) };
  }

  copy(): Promise<StoreCopy> {
    const { copier } = this.#store;
    if (copier === undefined) throw notFound('The store is in memory: there is no file to copy.');
    this.#commits.flush();
    return copier.begin();
  }

  async close(): Promise<void> {
    this.#hits.close();
    try {
      this.#refusals.close();
    } catch {
      // Only a store that cannot be written loses how many there were.
    }
    try {
      this.#writeAll();
    } catch {
      // The journal has it: whoever opens the store next writes it to the tables.
    }
    this.#commits.close();
    this.#kept.closed();
    try {
      this.#store.close();
    } catch (error) {
      this.#tell(
        `the store could not be closed as one file (${(error as Error).message}): the -wal beside it has the rest, keep the two together`,
      );
    }
  }

  #decide(admission: Admission): Decision {
    const { key: given, now, audit } = admission;
    this.#keepPromise(given.id);
    const key = this.#keys.get(given.id);
    const refuse = (refusal: BrokerRefusal, micros = 0): Decision => {
      this.#refusals.write({
        ...audit,
        ...(key === undefined ? {} : auditOfCap(this.#capOf(key, 'key'))),
        event: 'refusal',
        verdict: refusal.code,
        reason: refusal.message,
        requested_micros: micros,
      });
      return { admitted: false, refusal };
    };
    if (key === undefined) return refuse(invalidKey(true));
    const brake = this.#brakeOver(key, now);
    if (brake !== undefined) return refuse(brakedBy(brake.scope, brake.reason));
    if (!isLive(key, now)) return refuse(invalidKey(true));
    // A cap that cannot be found is one that is reached.
    const missing = this.#lineOf(key).missingId;
    if (missing !== undefined) return refuse(parentMissing(missing));

    const known = this.#knownOperation(admission);
    if (known?.sending === 'other') return refuse(idempotencyKeyReused());
    const caps = this.#capsOver(key, now);
    if (known?.sending === 'retry') return this.#admitRetry(admission, known.operation, caps);
    const { price, account } = admission;
    const object =
      'objectId' in price ? this.#holds.object(key.vendor, account, price.objectId) : undefined;
    const micros = priceOrRefusal(() => holdFor(price, object));
    if (micros instanceof BrokerRefusal) return refuse(micros);
    const refusal = capRefusal(caps, micros);
    if (refusal !== undefined) return refuse(refusal, micros);
    return this.#admitNew(admission, key, caps, micros);
  }

  #knownOperation({ key, operation, now }: Admission) {
    if (operation === undefined) return undefined;
    const known = this.#operations.get(key.vendor, operation.keyHash);
    if (known === undefined) return undefined;
    const hold = known.holdId === undefined ? undefined : this.#holds.get(known.holdId);
    return {
      operation: known,
      sending: sendingOf(known, operation.fingerprint, hold?.state, now),
    };
  }

  #admitNew(
    admission: Admission,
    key: KeyRecord,
    caps: readonly ChargedCap[],
    micros: MicroUsd,
  ): Decision {
    const { callId, account, price, operation, now } = admission;
    const { vendor, subject } = key;
    const holds = price.kind !== 'free';
    const rootId =
      'objectId' in price && price.kind !== 'refund'
        ? this.#holds.rootOf(vendor, account, price.objectId)
        : null;
    const isAlone = rootId !== null && !this.#holds.isTouched(vendor, account, rootId, callId);
    if (holds) {
      const days = subjectsOf(subject, vendor).map((each) => dayBalanceName(each, dayOf(now)));
      this.#holds.insert({
        callId,
        keyId: key.id,
        vendor,
        account,
        rootId,
        micros,
        chargedTo: [...new Set([...caps.map(({ balanceName }) => balanceName), ...days])],
        idempotencyKeyHash: operation?.keyHash ?? null,
        now,
      });
    }
    if (operation !== undefined) {
      this.#operations.put(key.vendor, operation.keyHash, {
        fingerprint: operation.fingerprint,
        ...(holds ? { holdId: callId } : {}),
        firstSentAt: now,
        inFlight: 1,
      });
    }
    return this.#admitted(admission, caps, micros, holds ? callId : undefined, isAlone);
  }

  /** The hold of the operation stands for this call too, whoever it is charged to. */
  #admitRetry(admission: Admission, known: Operation, caps: readonly ChargedCap[]): Decision {
    const { key, operation } = admission;
    const { dearest, endedAt: _, ...rest } = known;
    this.#operations.put(key.vendor, operation?.keyHash ?? '', {
      ...rest,
      inFlight: known.inFlight + 1,
      ...(known.inFlight > 0 && dearest !== undefined ? { dearest } : {}),
    });
    return this.#admitted(admission, caps, 0, known.holdId);
  }

  #admitted(
    { callId, key, account, price, operation, now, audit }: Admission,
    caps: readonly ChargedCap[],
    micros: MicroUsd,
    holdId: string | undefined,
    isAlone = false,
  ): Decision {
    const remainingMicros = remainingAfter(caps, micros);
    const [own] = caps;
    this.#log.write(audit, {
      ...(own === undefined ? {} : auditOfCap(this.#refreshed(own))),
      remaining_after_micros: remainingMicros,
      // The day on which the hold counts, however long the call took to arrive.
      at: instantText(now),
      event: 'intent',
      verdict: 'forwarded',
      requested_micros: micros,
    });
    return {
      admitted: true,
      hold: {
        callId,
        ...(holdId === undefined ? {} : { holdId }),
        ...(operation === undefined ? {} : { operationKeyHash: operation.keyHash }),
        keyId: key.id,
        vendor: key.vendor,
        account,
        price,
        micros,
        isAlone,
        admittedAt: now,
        audit,
      },
      remainingMicros,
    };
  }

  #capsOver(key: KeyRecord, now: number): ChargedCap[] {
    const caps = this.#ancestorsOf(key).map((parent) => this.#capOf(parent, 'parent'));
    const own = this.#capOf(key, 'key');
    if (this.#budgets.isEmpty && Object.keys(key.budgets).length === 0) return [own, ...caps];
    const day = dayOf(now);
    const budgets = subjectsOf(key.subject, key.vendor).flatMap((subject): ChargedCap[] => {
      const capMicros = tighter(this.#budgets.capOver(subject), appCap(key.budgets, subject));
      if (capMicros === undefined) return [];
      const balanceName = dayBalanceName(subject, day);
      return [
        {
          scope: subject.scope,
          capMicros,
          balance: this.#holds.balance(balanceName),
          balanceName,
          resetsAt: endOfDay(now),
        },
      ];
    });
    return [own, ...caps, ...budgets];
  }

  #capOf(key: KeyRecord, scope: 'key' | 'parent'): ChargedCap {
    const balanceName = keyBalanceName(key.id);
    const balance = this.#holds.balance(balanceName);
    return { scope, capMicros: key.capMicros, balance, balanceName };
  }

  #refreshed(cap: ChargedCap): ChargedCap {
    return { ...cap, balance: this.#holds.balance(cap.balanceName) };
  }

  /**
   * The keys a key was issued under, the nearest first.
   *
   * @throws BrokerRefusal where one of them is gone from the store.
   */
  #ancestorsOf(key: KeyRecord): KeyRecord[] {
    const { ancestors, missingId } = this.#lineOf(key);
    if (missingId !== undefined) throw parentMissing(missingId);
    return ancestors;
  }

  /** The keys above a key, as far as the store has them, and the id of the first that it has not. */
  #lineOf(key: KeyRecord): { ancestors: KeyRecord[]; missingId?: string } {
    const ancestors: KeyRecord[] = [];
    let { parentId } = key;
    while (parentId !== undefined) {
      const parent = this.#key(parentId);
      // More than can be issued: the store was changed by another hand, perhaps to a circle.
      if (parent === undefined || ancestors.length > MAX_PARENTS) {
        return { ancestors, missingId: parentId };
      }
      ancestors.push(parent);
      ({ parentId } = parent);
    }
    return { ancestors };
  }

  #brakesInForce(now: number): Brake[] {
    return this.#brakes.standing.filter((brake) => isInForce(brake, now));
  }

  /** @throws BrokerRefusal where its parent or its lease is not live, or a brake stands over it. */
  #checkIssue(key: KeyRecord): void {
    const now = key.createdAt;
    const faults = this.#linkFaults(
      {
        ...(key.parentId === undefined ? {} : { parentId: key.parentId }),
        ...(key.lease === undefined ? {} : { leaseId: key.lease.id }),
      },
      now,
    );
    if (faults.length > 0) throw invalidFields(faults);
    const standing = this.#brakes.standing;
    if (standing.length === 0) return;
    const { vendor, subject } = key;
    const keyIds = this.#ancestorsOf(key).map(({ id }) => id);
    const brake = brakeOver(standing, { keyIds, vendor, subject }, now);
    if (brake !== undefined) throw brakedBy(brake.scope, brake.reason);
  }

  /** Writes a key; those above it are written first. */
  #writeIssue(key: KeyRecord, remoteAddress: string | undefined): void {
    this.#keepPromise(key.parentId);
    this.#keys.insert(key);
    this.#holds.openBalance(keyBalanceName(key.id));
    this.#log.write(auditRowOf('issue', key.createdAt, key, remoteAddress));
  }

  #keepPromise(id: string | undefined): void {
    for (const { key, remoteAddress } of this.#promised.take(id)) {
      this.#writeIssue(key, remoteAddress);
    }
  }

  /** Has the tables say all that there is to say. */
  #writeAll(): void {
    this.#commits.flush();
    if (!this.#journal.isWritten) this.#commits.runNow(() => this.#journal.writeAll());
  }

  #linkFaults(
    { parentId, leaseId }: { parentId?: string; leaseId?: string },
    now: number,
  ): FieldFault[] {
    const faults: FieldFault[] = [];
    if (parentId !== undefined) {
      const parent = this.#key(parentId);
      if (parent === undefined || !isLive(parent, now)) {
        faults.push({ field: 'parent_id', message: 'is not the id of a live key' });
      } else {
        const { ancestors, missingId } = this.#lineOf(parent);
        const message =
          missingId !== undefined
            ? `is below the key ${missingId}, which is not in the store`
            : ancestors.length + 1 > MAX_PARENTS
              ? `has more than ${MAX_PARENTS} keys above it`
              : undefined;
        if (message !== undefined) faults.push({ field: 'parent_id', message });
      }
    }
    if (leaseId !== undefined) {
      const lease = this.#leases.get(leaseId);
      if (lease === undefined || lease.expiresAt <= now) {
        faults.push({ field: 'lease_id', message: 'is not the id of a live lease' });
      }
    }
    return faults;
  }

  #key(id: string): KeyRecord | undefined {
    return this.#keys.get(id) ?? this.#promised.get(id);
  }

  #withBalance(key: KeyRecord, now: number): KeyWithBalance {
    return {
      key,
      balance: this.#holds.balance(keyBalanceName(key.id)),
      braked: this.#brakeOver(key, now) !== undefined,
    };
  }

  #brakeOver(key: KeyRecord, now: number): Brake | undefined {
    const standing = this.#brakes.standing;
    return standing.length === 0 ? undefined : brakeOver(standing, this.#braking(key), now);
  }

  /** What brakes look at; of the keys above it, those that are there. */
  #braking(key: KeyRecord): BrakeSubject {
    const { id, vendor, subject } = key;
    const keyIds = [id, ...this.#lineOf(key).ancestors.map((each) => each.id)];
    return { keyIds, vendor, subject };
  }

  #stops(brake: Brake, live: LiveKey, now: number): boolean {
    const key = brake.scope === 'key' ? this.#key(live.id) : undefined;
    return brakeOver([brake], key === undefined ? live : this.#braking(key), now) !== undefined;
  }

  #forget(): void {
    this.#promised.rolledBack();
    this.#kept.rolledBack();
    this.#journal.rolledBack();
    this.#keys.rolledBack();
    this.#holds.rolledBack();
    this.#leases.forget();
    this.#budgets.forget();
    this.#brakes.forget();
    this.#refusals.rolledBack();
    this.#log.forget();
  }
}

function priceOrRefusal(price: () => MicroUsd): MicroUsd | BrokerRefusal {
  try {
    return price();
  } catch (error) {
    if (error instanceof BrokerRefusal) return error;
    throw error;
  }
}

function idempotencyKeyReused(): BrokerRefusal {
  return new BrokerRefusal(
    422,
    'idempotency_key_reused',
    'This Idempotency-Key was used for another call: another subject, method, path or body. Use a new key for a new call, and the same call for a retry.',
  );
}
