const { existsSync, mkdtempSync, rmSync, statfsSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const MEMORY = '/dev/shm';
const NEEDED_BYTES = 4 * 1024 ** 3;

/**
 * Has the tests keep their files in memory, where the system has room for that: what they promise of a
 * crash is of a process that dies, and not of a machine. What the suites of a run share is in RUN_FOLDER,
 * which is gone after it.
 */
module.exports = async () => {
  if (process.env.TMPDIR === undefined && existsSync(MEMORY)) {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize >= NEEDED_BYTES) process.env.TMPDIR = MEMORY;
  }
  const folder = mkdtempSync(join(tmpdir(), 'vault-key-run-'));
  process.env.RUN_FOLDER = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
};
