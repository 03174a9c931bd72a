import type { MessagePort } from 'node:worker_threads';
import type { Write } from './pending-writes';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

/** What the thread is given at its start. */
export interface WriterSetup {
  file: string;
  driver: string;
  port: MessagePort;
  closed: Int32Array;
}

export type WriterRequest = { writes: readonly Write[] } | { pragma: string } | { close: true };

/** Answers come in the order of the requests. */
export type WriterAnswer =
  | { ready: true }
  | { result: unknown }
  | { failure: { code: unknown; message: string; at?: number } };

/**
 * The whole program of the thread that writes. It is started from its source text, so it may use
 * nothing but what it requires itself.
 */
export function runWriterThread(require: NodeJS.Require): void {
  const { workerData } = require('node:worker_threads') as { workerData: WriterSetup };
  const { file, driver, port, closed } = workerData;
  const Database = require(driver) as new (file: string) => SqliteConnection;
  let connection: SqliteConnection | undefined = new Database(file);
  const statements = new Map<string, SqliteStatement>();
  /** Changes where another connection has written to the file. */
  let version: unknown;
  connection.pragma('synchronous = FULL');
  connection.pragma('busy_timeout = 1000');
  port.on('message', (request: WriterRequest) => {
    if ('close' in request) close();
    else port.postMessage('writes' in request ? write(request.writes) : ask(request.pragma));
  });
  port.postMessage({ ready: true });

  function write(writes: readonly Write[]): WriterAnswer {
    let at: number | undefined;
    try {
      opened().exec('BEGIN IMMEDIATE');
      checkVersion();
      writes.forEach(([sql, values], i) => {
        at = i;
        statementOf(sql).run(values);
      });
      at = undefined;
      opened().exec('COMMIT');
      return { result: undefined };
    } catch (error) {
      rollBack();
      return { failure: { ...failureOf(error), ...(at === undefined ? {} : { at }) } };
    }
  }

  function ask(pragma: string): WriterAnswer {
    try {
      return { result: opened().pragma(pragma) };
    } catch (error) {
      return { failure: failureOf(error) };
    }
  }

  function opened(): SqliteConnection {
    if (connection === undefined) throw new Error('the store is closed');
    return connection;
  }

  function checkVersion(): void {
    const [found] = statementOf('PRAGMA data_version').get([]) as [unknown];
    version ??= found;
    if (found === version) return;
    const message = 'another program has written to the store: start the broker again';
    throw Object.assign(new Error(message), { code: 'FOREIGN_WRITE' });
  }

  function rollBack(): void {
    try {
      connection?.exec('ROLLBACK');
    } catch {
      // SQLite has already rolled back by itself (a full disk, an I/O error).
    }
  }

  function statementOf(sql: string): SqliteStatement {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = opened().prepare(sql);
      if (sql.startsWith('PRAGMA')) statement.raw();
      statements.set(sql, statement);
    }
    return statement;
  }

  function failureOf(error: unknown): { code: unknown; message: string } {
    const { code, message } = error as { code?: unknown; message: string };
    return { code, message };
  }

  /** The driver keeps the file's lock until its statements are collected as garbage. */
  function close(): void {
    statements.clear();
    connection?.close();
    connection = undefined;
    const v8 = require('node:v8') as { setFlagsFromString(flags: string): void };
    const vm = require('node:vm') as { runInNewContext(code: string): () => void };
    v8.setFlagsFromString('--expose-gc');
    const collect = vm.runInNewContext('gc');
    collect();
    setImmediate(() => {
      collect();
      setImmediate(() => {
        Atomics.store(closed, 0, 1);
        Atomics.notify(closed, 0);
        port.close();
      });
    });
  }
}
