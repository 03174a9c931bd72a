// Many instances on one PostgreSQL, at full size. Run it with `npm run test:fleet`, which builds first.
const loading = require('../../jest.loading.js');

/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  testRegex: '\\.fleet\\.ts$',
  globalSetup: '../support/run-folder.js',
  ...loading,
  // One after the other: each has a fleet of its own.
  maxWorkers: 1,
  testTimeout: 3_600_000,
};
