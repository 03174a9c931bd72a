// Has SQL statements fail over and over. Run it with `npm run test:faults`.
const { transform, transformIgnorePatterns } = require('../../jest.transform.js');

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  rootDir: __dirname,
  testRegex: '\\.faults\\.ts$',
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform,
  transformIgnorePatterns,
  testTimeout: 7_200_000,
};
