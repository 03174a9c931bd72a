// Kills the built broker over and over. Run it with `npm run test:crash`, which builds first.
const loading = require('../../jest.loading.js');

/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  testRegex: '\\.crash\\.ts$',
  ...loading,
  // A kill with its checks takes about a second, and several on a busy machine.
  testTimeout: 600_000 + 5_000 * Number(process.env.CRASH_KILLS ?? 0),
};
