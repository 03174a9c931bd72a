import type { MessagePort } from 'node:worker_threads';
import type { Write } from './pending-writes';

/** What the thread is given at its start. */
export interface WriterSetup {
  /** An absolute path: the process may change its folder. */
  file: string;
  driver: string;
  /** The file that the process was started with. */
  program: string | undefined;
  /** What `owner` in the file says: the thread has opened the same one. */
  owner: string;
  port: MessagePort;
  /** Set to 1 once the thread has freed the file, or could not open it. */
  closed: Int32Array;
}

/** `begin` comes before the first batch, once no other connection of the broker's writes any more. */
export type WriterRequest = { begin: true } | ThreadBatch | { pragma: string } | { close: true };

/** Statements that are written in one transaction. */
export interface ThreadBatch {
  /** The texts that the thread has not been given before: each has the next number, from 0 on. */
  texts: readonly string[];
  writes: readonly (readonly [number: number, values: Write[1]])[];
}

/** `ready` comes first; the others come in the order of the batches and pragmas. */
export type WriterAnswer =
  | { ready: true }
  | { result: unknown }
  | { failure: { code: unknown; message: string; at?: number } };

/**
 * The whole program of the thread that writes. It is text, so that a bundler, which has one file and
 * may rename what a function uses, leaves it as it is.
 */
export const WRITER_PROGRAM = String.raw`
'use strict';
const { workerData } = require('node:worker_threads');
const { file, driver, program, owner, port, closed } = workerData;
const statements = new Map();
// By their numbers.
const texts = [];
let connection;
// Changes where another connection has written to the file.
let version;

try {
  connection = new (load())(file);
  connection.pragma('synchronous = FULL');
  connection.pragma('busy_timeout = 1000');
  // What it reads to write a row, it finds in memory: no other connection changes the file.
  connection.pragma('cache_size = -16384');
  const row = connection.prepare('SELECT token FROM owner').get();
  if (row.token !== owner) throw new Error('there is another file of that name by now');
} catch (error) {
  setClosed();
  throw error;
}
port.on('message', (request) => {
  if ('close' in request) close();
  else if ('begin' in request) begin();
  else port.postMessage('writes' in request ? write(request) : ask(request.pragma));
});
port.postMessage({ ready: true });

// Of a bundle the driver is known by its name alone, and lies beside the program.
function load() {
  try {
    return require(driver);
  } catch (error) {
    if (program === undefined) throw error;
    return require('node:module').createRequire(program)(driver);
  }
}

function begin() {
  try {
    version = versionNow();
  } catch {
    // The first batch asks again: a read that fails must not end the thread.
  }
}

function write(batch) {
  let at;
  texts.push(...batch.texts);
  try {
    connection.exec('BEGIN IMMEDIATE');
    version ??= versionNow();
    if (versionNow() !== version) throw foreignWrite();
    batch.writes.forEach(([number, values], i) => {
      at = i;
      statementOf(texts[number]).run(values);
    });
    at = undefined;
    connection.exec('COMMIT');
    return { result: undefined };
  } catch (error) {
    rollBack();
    return { failure: { ...failureOf(error), ...(at === undefined ? {} : { at }) } };
  }
}

function ask(pragma) {
  try {
    return { result: connection.pragma(pragma) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

function versionNow() {
  const [found] = statementOf('PRAGMA data_version').get([]);
  return found;
}

function foreignWrite() {
  const message = 'another program has written to the store: start the broker again';
  return Object.assign(new Error(message), { code: 'FOREIGN_WRITE' });
}

function rollBack() {
  try {
    connection.exec('ROLLBACK');
  } catch {
    // SQLite has already rolled back by itself (a full disk, an I/O error).
  }
}

function statementOf(sql) {
  let statement = statements.get(sql);
  if (statement === undefined) {
    statement = connection.prepare(sql);
    if (sql.startsWith('PRAGMA')) statement.raw();
    statements.set(sql, statement);
  }
  return statement;
}

function failureOf({ code, message }) {
  return { code, message };
}

// The driver keeps the file's lock until its statements are collected as garbage.
function close() {
  statements.clear();
  connection.close();
  connection = undefined;
  require('node:v8').setFlagsFromString('--expose-gc');
  const collect = require('node:vm').runInNewContext('gc');
  collect();
  setImmediate(() => {
    collect();
    setImmediate(() => {
      setClosed();
      port.close();
    });
  });
}

function setClosed() {
  Atomics.store(closed, 0, 1);
  Atomics.notify(closed, 0);
}
`;
