// Kills the built broker over and over. Run it with `npm run test:crash`, which builds first.
const { transform, transformIgnorePatterns } = require('../../jest.config.js');

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  rootDir: __dirname,
  testRegex: '\\.crash\\.ts$',
  transform,
  transformIgnorePatterns,
  testTimeout: 600_000,
};
