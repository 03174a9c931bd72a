// Has SQL statements fail over and over. Run it with `npm run test:faults`.
const loading = require('../../jest.loading.js');

/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  testRegex: '\\.faults\\.ts$',
  ...loading,
  testTimeout: 7_200_000,
};
