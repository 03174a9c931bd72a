import type { AuditVerdict } from '../../audit/audit-chain';
import type { AuditEntry, AuditRecord, AuditRow } from '../../audit/audit-entry';
import { brakeOver } from '../../brakes/brake';
import type { Brake } from '../../brakes/brake';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import { Clock } from '../../clock';
import { statusOf } from '../../keys/key';
import type { KeyRecord, KeyWithBalance } from '../../keys/key';
import type { MicroUsd } from '../../money/usd';
import { invalidFields, notFound } from '../../refusal';
import type { FieldFault } from '../../refusal';
import type { Book } from '../book';
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
  StoreCopy,
  StoreState,
  SubjectCap,
} from '../ledger';
import { admit } from '../rules/admission';
import { activeBrakes, brake as setBrake, brakeOn, brakingOf, lift } from '../rules/brakes';
import { deleteBudget, putBudget } from '../rules/budgets';
import { capsOver, keyBalanceName } from '../rules/caps';
import type { CapState } from '../rules/caps';
import {
  checkIssue,
  endLease,
  linkFaults,
  renewLease,
  revoke,
  writeIssue,
} from '../rules/issuance';
import type { KeyLinks } from '../rules/issuance';
import { knownObject } from '../rules/objects';
import type { KnownObject } from '../rules/objects';
import { endByOperator, endFlights, finish } from '../rules/settlement';
import { AcceptedDoubts } from '../store-doubt';
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
import { SqliteBook } from './sqlite-book';
import type { SqliteConnection } from './sqlite-driver';
import { SubjectKeys } from './subject-keys';
import { closeWhenForgotten } from './open-stores';
import { openStore } from './sqlite-store';
import type { OpenStore, StoreSettings } from './sqlite-store';

const DURABILITY = ['off', 'normal', 'full', 'extra'];

/** How a ledger is opened; what is not given is as for a store of its own. */
export interface LedgerSettings extends Partial<StoreSettings> {
  /** Takes the lines of the log, without their ends. */
  log?: ((line: string) => void) | undefined;
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
  readonly #book: Book;
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
      this.#book = new SqliteBook({
        keys: this.#keys,
        leases: this.#leases,
        holds: this.#holds,
        operations: this.#operations,
        budgets: this.#budgets,
        brakes: this.#brakes,
        log: this.#log,
        promised: this.#promised,
      });
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
          for (const each of this.#operations.inFlight()) endFlights(this.#book, each, clock.now());
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
      checkIssue(this.#book, key);
      this.#keepPromise(key.parentId);
      writeIssue(this.#book, key, remoteAddress);
    });
  }

  async issueSoon(key: KeyRecord, remoteAddress?: string): Promise<void> {
    // A store that may be broken is asked first.
    if (this.#commits.failed) return this.issue(key, remoteAddress);
    checkIssue(this.#book, key);
    this.#promised.add(key, remoteAddress);
    void this.#commits.keep({ work: () => this.#keepPromise(key.id) });
  }

  async linkFaults(links: KeyLinks, now: number): Promise<readonly FieldFault[]> {
    this.#commits.flush();
    return linkFaults(this.#book, links, now);
  }

  revoke(ids: readonly string[], now: number, remoteAddress?: string): Promise<RevokeDecision> {
    return this.#commits.run(() => {
      for (const id of ids) this.#keepPromise(id);
      return revoke(this.#book, ids, now, remoteAddress);
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
      brakes: activeBrakes(this.#book, now),
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
    return key === undefined ? [] : capsOver(this.#book, key, now);
  }

  async admit(admission: Admission): Promise<Decision> {
    this.#kept.checkRoom();
    return this.#commits.run(() => {
      this.#keepPromise(admission.key.id);
      const { decision, refusalRow } = admit(this.#book, admission);
      if (refusalRow !== undefined) this.#refusals.write(refusalRow);
      return decision;
    });
  }

  end(end: HoldEnd): Promise<void> {
    return this.#kept.add(end, () => finish(this.#book, end));
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
        const object = knownObject(this.#book, { vendor, account, id });
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
      return endByOperator(this.#book, hold, settledMicros, now, remoteAddress);
    });
  }

  putBudget(budget: Budget, now: number, remoteAddress?: string): Promise<void> {
    return this.#commits.run(() => putBudget(this.#book, budget, now, remoteAddress));
  }

  deleteBudget(rule: BudgetRule, now: number, remoteAddress?: string): Promise<boolean> {
    return this.#commits.run(() => deleteBudget(this.#book, rule, now, remoteAddress));
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
      setBrake(this.#book, brake, remoteAddress);
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
      const brake = lift(this.#book, id, now, remoteAddress);
      if (brake !== undefined) this.#hits.end(id);
      return brake;
    });
  }

  async brakes(now: number): Promise<readonly Brake[]> {
    this.#commits.flush();
    return activeBrakes(this.#book, now);
  }

  putLease(lease: LeaseRecord): Promise<void> {
    return this.#commits.run(() => this.#leases.put(lease));
  }

  renewLease(id: string, now: number): Promise<LeaseRecord | undefined> {
    return this.#commits.run(() => renewLease(this.#book, id, now));
  }

  endLease(id: string, now: number): Promise<boolean> {
    return this.#commits.run(() => endLease(this.#book, id, now));
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

  #keepPromise(id: string | undefined): void {
    for (const { key, remoteAddress } of this.#promised.take(id)) {
      writeIssue(this.#book, key, remoteAddress);
    }
  }

  /** Has the tables say all that there is to say. */
  #writeAll(): void {
    this.#commits.flush();
    if (!this.#journal.isWritten) this.#commits.runNow(() => this.#journal.writeAll());
  }

  #key(id: string): KeyRecord | undefined {
    return this.#keys.get(id) ?? this.#promised.get(id);
  }

  #withBalance(key: KeyRecord, now: number): KeyWithBalance {
    return {
      key,
      balance: this.#holds.balance(keyBalanceName(key.id)),
      braked: brakeOn(this.#book, key, now) !== undefined,
    };
  }

  #stops(brake: Brake, live: LiveKey, now: number): boolean {
    const key = brake.scope === 'key' ? this.#key(live.id) : undefined;
    return (
      brakeOver([brake], key === undefined ? live : brakingOf(this.#book, key), now) !== undefined
    );
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
