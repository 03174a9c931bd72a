import { createRequire } from 'node:module';
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SeededRandom } from '../support/seeded-random';

/** What is replaced of the driver: every way in which the product has SQLite do something. */
interface DriverDatabase {
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
  prepare(sql: string): DriverStatement;
}

interface DriverStatement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
}

interface Driver {
  new (file: string): DriverDatabase;
  prototype: DriverDatabase;
  SqliteError: new (message: string, code: string, rawCode: number) => Error;
}

/** The very module that the product loads. */
const driver = createRequire(__filename)('libsql') as Driver;

/** How a statement fails: it never ran, it ran, or it took its whole transaction with it. */
type Failure = 'before' | 'after' | 'rolled back';

/** Told of each statement, before it runs and once it has. Must not throw. */
export type StatementWatcher = (moment: 'before' | 'after', sql: string) => void;

const ERRORS = [
  { message: 'database or disk is full', code: 'SQLITE_FULL', rawCode: 13 },
  { message: 'disk I/O error', code: 'SQLITE_IOERR', rawCode: 10 },
] as const;

/** How often statements fail, and for how many of them it stays so. */
const WEATHERS = [
  { rate: 0, from: 20, to: 120 },
  { rate: 0.01, from: 60, to: 200 },
  { rate: 0.05, from: 60, to: 200 },
  { rate: 0.3, from: 30, to: 120 },
  // A disk that is full for a while.
  { rate: 1, from: 8, to: 60 },
] as const;

/** What the faults of one store share in all threads that have it open. */
export type SharedFaults = Int32Array;

const ENABLED = 0;
const INJECTED = 1;
const STATEMENTS = 2;

export function newSharedFaults(): SharedFaults {
  return new Int32Array(new SharedArrayBuffer(12));
}

/** The faults of one store, as they are met by one thread. */
export class StoreFaults {
  #rate = 0;
  #left = 0;

  constructor(
    private readonly random: SeededRandom,
    private readonly watcher: StatementWatcher = () => {},
    private readonly shared = newSharedFaults(),
  ) {}

  /** Whether statements may fail at present. */
  get enabled(): boolean {
    return Atomics.load(this.shared, ENABLED) === 1;
  }

  set enabled(isEnabled: boolean) {
    Atomics.store(this.shared, ENABLED, isEnabled ? 1 : 0);
  }

  get injected(): number {
    return Atomics.load(this.shared, INJECTED);
  }

  get statements(): number {
    return Atomics.load(this.shared, STATEMENTS);
  }

  /** Runs a statement, or has it fail. */
  run<T>(database: DriverDatabase, sql: string, work: () => T): T {
    Atomics.add(this.shared, STATEMENTS, 1);
    this.watcher('before', sql);
    const failure = this.#draw(database, sql);
    if (failure === 'after') work();
    if (failure === 'rolled back' && database.inTransaction)
      original.exec.call(database, 'ROLLBACK');
    if (failure !== undefined) throw this.#error();
    const result = work();
    this.watcher('after', sql);
    return result;
  }

  /** Reads the schema, which can fail too. */
  preparing(): void {
    if (this.enabled && this.random.chance(this.#rate / 20)) throw this.#error();
  }

  #error(): Error {
    Atomics.add(this.shared, INJECTED, 1);
    const { message, code, rawCode } = this.random.pick(ERRORS) ?? ERRORS[0];
    return new driver.SqliteError(message, code, rawCode);
  }

  #draw(database: DriverDatabase, sql: string): Failure | undefined {
    if (!this.enabled) return undefined;
    if (this.#left-- <= 0) this.#change();
    const word = /[A-Z]+/i.exec(sql)?.[0].toUpperCase() ?? '';
    // A full disk can still be read, and can always be rolled back.
    const isWrite = word !== 'SELECT' && word !== 'PRAGMA' && word !== 'ROLLBACK';
    if (!this.random.chance(isWrite ? this.#rate : this.#rate / 20)) return undefined;
    switch (word) {
      case 'ROLLBACK':
        return 'after';
      case 'COMMIT':
        // One that fails leaves nothing, and no SQLite commits and then says that it did not.
        return this.random.pick(['before', 'rolled back'] as const);
      case 'BEGIN':
        return 'before';
      default:
        if (!database.inTransaction) return 'before';
        return this.random.pick(['before', 'after', 'rolled back'] as const);
    }
  }

  #change(): void {
    const { rate, from, to } = this.random.pick(WEATHERS) ?? WEATHERS[0];
    this.#rate = rate;
    this.#left = this.random.int(from, to);
  }
}

const original = { exec: driver.prototype.exec, prepare: driver.prototype.prepare };
const watched = new Map<string, StoreFaults>();
const faultsOfDatabase = new WeakMap<DriverDatabase, StoreFaults | 'none'>();
const statementOf = new WeakMap<DriverStatement, { database: DriverDatabase; sql: string }>();
let installed = false;

/** Has the statements on a store's file go through its faults, whoever opens it from now on. */
export function watchStore(file: string, faults: StoreFaults): void {
  install();
  watched.set(join(realpathSync(dirname(file)), basename(file)), faults);
}

/** The rows of a query on a store that nobody has open. */
export function readStore(file: string): { all<T>(sql: string): T[]; close(): void } {
  const database = new driver(file) as DriverDatabase & { close(): void };
  return {
    all: <T>(sql: string) => original.prepare.call(database, sql).all() as T[],
    close: () => database.close(),
  };
}

function install(): void {
  if (installed) return;
  installed = true;
  const { prototype } = driver;
  prototype.exec = function exec(sql) {
    const faults = faultsOf(this);
    const work = (): unknown => original.exec.call(this, sql);
    return faults === undefined ? work() : faults.run(this, sql, work);
  };
  prototype.prepare = function prepare(sql) {
    const faults = faultsOf(this);
    if (faults === undefined) return original.prepare.call(this, sql);
    faults.preparing();
    const statement = original.prepare.call(this, sql);
    statementOf.set(statement, { database: this, sql });
    return statement;
  };
  const statements = Object.getPrototypeOf(
    original.prepare.call(new driver(':memory:'), 'SELECT 1'),
  ) as DriverStatement;
  for (const name of ['run', 'get', 'all'] as const) {
    const method = statements[name] as (...values: unknown[]) => unknown;
    statements[name] = function faulty(this: DriverStatement, ...values: unknown[]) {
      const of = statementOf.get(this);
      const work = (): unknown => method.apply(this, values);
      const faults = of === undefined ? undefined : faultsOf(of.database);
      return of === undefined || faults === undefined
        ? work()
        : faults.run(of.database, of.sql, work);
    } as never;
  }
}

/** A connection does not tell what it was opened on, but SQLite does. */
function faultsOf(database: DriverDatabase): StoreFaults | undefined {
  let faults = faultsOfDatabase.get(database);
  if (faults === undefined) {
    const [main] = original.prepare.call(database, 'PRAGMA database_list').all() as {
      file: string;
    }[];
    faults = watched.get(main?.file ?? '') ?? 'none';
    faultsOfDatabase.set(database, faults);
  }
  return faults === 'none' ? undefined : faults;
}
