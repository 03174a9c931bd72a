// The SQLite driver on a disk that takes a while for each COMMIT.
const Database = require('libsql');

const COMMIT_MS = Number(process.env.COMMIT_MS ?? 20);
const { exec } = Database.prototype;
const never = new Int32Array(new SharedArrayBuffer(4));

Database.prototype.exec = function (sql) {
  if (sql === 'COMMIT') Atomics.wait(never, 0, 0, COMMIT_MS);
  return exec.call(this, sql);
};
module.exports = Database;
