// Preloaded into a broker under test, into each of its threads: the COMMIT of a batch stops where the
// folder SQLITE_GATE has a file `before` or `after`, says so with a file `reached`, and waits until the
// file is gone.
const { existsSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const folder = process.env.SQLITE_GATE;
if (folder !== undefined) {
  const Database = require('libsql');
  const { exec } = Database.prototype;
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  const pass = (moment) => {
    const gate = join(folder, moment);
    if (!existsSync(gate)) return;
    writeFileSync(join(folder, 'reached'), '');
    while (existsSync(gate)) Atomics.wait(sleep, 0, 0, 5);
  };
  Database.prototype.exec = function (sql) {
    if (sql !== 'COMMIT') return exec.call(this, sql);
    pass('before');
    const result = exec.call(this, sql);
    pass('after');
    return result;
  };
}
