// The SQLite driver on a disk that a test makes slow or full: see test-disk.ts.
const { getEnvironmentData } = require('node:worker_threads');
const Database = require('libsql');

const SLOW = 0;
const FULL = 1;
const FAILURES = 2;
const disk = getEnvironmentData('vault-key-test-disk');
const { exec } = Database.prototype;

if (disk !== undefined) {
  Database.prototype.exec = function (sql) {
    if (sql === 'COMMIT') {
      while (Atomics.load(disk, SLOW) === 1) Atomics.wait(disk, SLOW, 1);
      const left = Atomics.load(disk, FAILURES);
      if (left > 0) Atomics.store(disk, FAILURES, left - 1);
      if (Atomics.load(disk, FULL) === 1 || left > 0) {
        throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL', 13);
      }
    }
    return exec.call(this, sql);
  };
}
module.exports = Database;
