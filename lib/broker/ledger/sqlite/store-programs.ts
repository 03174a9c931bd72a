/**
 * The whole programs of the threads that a store has. They are text, so that a bundler, which has one file
 * and may rename what a function uses, leaves them as they are.
 */
const START = String.raw`
'use strict';
const { workerData } = require('node:worker_threads');
const { file, driver, program, owner, port, closed } = workerData;
let connection;

try {
  connection = new (load())(file);
  connection.pragma('synchronous = FULL');
  connection.pragma('busy_timeout = 1000');
  prepare();
  const row = connection.prepare('SELECT token FROM owner').get();
  if (row.token !== owner) throw new Error('there is another file of that name by now');
} catch (error) {
  setClosed();
  throw error;
}
port.on('message', (request) => {
  if (request === 'close') close();
  else take(request);
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

function failureOf({ code, message }) {
  return { code, message };
}

// The driver keeps the file's lock until its statements are collected as garbage.
function close() {
  forget();
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

/** Writes batches of statements: see {@link ThreadWriter}. */
export const WRITER_PROGRAM = String.raw`${START}
var statements;
var texts;
// Changes where another connection has written to the file.
var version;

function prepare() {
  statements = new Map();
  // By their numbers.
  texts = [];
  // What it reads to write a row, it finds in memory: no other connection changes the file.
  connection.pragma('cache_size = -16384');
}

function take(request) {
  if (request === 'begin') begin();
  else port.postMessage('writes' in request ? write(request) : ask(request.pragma));
}

function forget() {
  statements.clear();
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
`;

/** Brings what is committed into the file, while another thread writes: see {@link WalCheckpoints}. */
export const WAL_PROGRAM = String.raw`${START}
var checkpoint;

function prepare() {
  checkpoint = connection.prepare('PRAGMA wal_checkpoint(PASSIVE)').raw();
}

function take() {
  try {
    const [, pages, moved] = checkpoint.get([]);
    port.postMessage({ result: { pages, moved } });
  } catch (error) {
    port.postMessage({ failure: failureOf(error) });
  }
}

function forget() {
  checkpoint = undefined;
}
`;
