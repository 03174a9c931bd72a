const { existsSync, statfsSync } = require('node:fs');

const MEMORY = '/dev/shm';
const NEEDED_BYTES = 4 * 1024 ** 3;

/**
 * Has the tests keep their files in memory, where the system has room for that: what they promise of a
 * crash is of a process that dies, and not of a machine.
 */
module.exports = async () => {
  if (process.env.TMPDIR !== undefined || !existsSync(MEMORY)) return;
  const { bavail, bsize } = statfsSync(MEMORY);
  if (bavail * bsize >= NEEDED_BYTES) process.env.TMPDIR = MEMORY;
};
