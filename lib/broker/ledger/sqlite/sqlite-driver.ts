/** A prepared statement, as libsql and better-sqlite3 both have it; values given as one array cost least. */
export interface SqliteStatement {
  run(...values: readonly SqliteValue[] | [readonly SqliteValue[]]): unknown;
  get(...values: readonly SqliteValue[] | [readonly SqliteValue[]]): unknown;
  all(...values: readonly SqliteValue[] | [readonly SqliteValue[]]): unknown[];
  iterate(...values: readonly SqliteValue[]): IterableIterator<unknown>;
  /** Rows as arrays from now on. */
  raw(): SqliteStatement;
}

export type SqliteValue = string | number | null;

/** A connection, as libsql and better-sqlite3 both have it. */
export interface SqliteConnection {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  pragma(text: string): unknown;
  close(): unknown;
}

/** The driver is not installed for this platform. It says nothing of any store. */
export class SqliteDriverError extends Error {
  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const [binary] = /@libsql\/[\w-]+/.exec(reason) ?? [];
    const platform = `${process.platform}-${process.arch}, Node.js ${process.version}`;
    const missing =
      binary === undefined
        ? `the package libsql cannot be loaded on this platform (${platform}): ${reason.split('\n')[0]}`
        : `the package ${binary}, libsql's binary for this platform (${platform}), cannot be loaded`;
    super(
      `The SQLite driver is missing: ${missing}. Run npm install libsql on the platform it is to run on, with optional packages; a bundle needs libsql left out of it ("external") and installed beside it.`,
      { cause },
    );
    this.name = 'SqliteDriverError';
  }
}

/**
 * Opens a file, or `:memory:`. The driver is loaded here and nowhere else, when a store is first opened.
 *
 * @throws SqliteDriverError where it is not installed.
 */
export function openConnection(file: string): SqliteConnection {
  return new (driver())(file);
}

/** Where the driver's module is, for another thread; its name where a bundle has it within itself. */
export function driverPath(): string {
  try {
    const path: unknown = require.resolve('libsql');
    // A bundler may have a number for it.
    return typeof path === 'string' ? path : 'libsql';
  } catch {
    return 'libsql';
  }
}

function driver(): new (file: string) => SqliteConnection {
  try {
    // A plain require of a plain name: bundlers see it, and have no file name to give.
    return require('libsql') as new (file: string) => SqliteConnection;
  } catch (error) {
    throw new SqliteDriverError(error);
  }
}
