// Packs the built checkout once, then installs the tarball into throw-away apps. Run it with
// `npm run test:packaging`, which builds first.
const loading = require('../../jest.loading.js');

/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  testRegex: '\\.spec\\.ts$',
  // What lies there are apps for the tarball, with specs of their own that run in the installed copy.
  testPathIgnorePatterns: ['<rootDir>/apps/'],
  modulePathIgnorePatterns: ['<rootDir>/apps/'],
  ...loading,
  globalSetup: '<rootDir>/pack.ts',
  globalTeardown: '<rootDir>/clean-up.ts',
  maxWorkers: 2,
  testTimeout: 300_000,
};
