const { availableParallelism } = require('node:os');
const loading = require('./jest.loading.js');

/** @type {import('jest').Config} */
const project = {
  // One for both: what is compiled for one project is not compiled again for the other.
  id: 'nestjs-vault-key',
  roots: ['<rootDir>/lib', '<rootDir>/console', '<rootDir>/test'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/packaging/'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  ...loading,
};

const projects = {
  // *.spec.ts needs no build and no server; *.e2e-spec.ts has servers, processes, whole applications.
  tests: [
    { ...project, displayName: 'unit', testRegex: '\\.spec\\.ts$' },
    { ...project, displayName: 'e2e', testRegex: '\\.e2e-spec\\.ts$' },
  ],
  // Whole installations, whose processes are killed and moved.
  processes: [{ ...project, displayName: 'processes', testRegex: '\\.process-spec\\.ts$' }],
};

/** @type {import('jest').Config} */
module.exports = {
  projects: projects[process.env.TEST_PROJECTS ?? 'tests'],
  globalSetup: '<rootDir>/test/support/run-folder.js',
  // Many tests wait for another process, and leave their core to the next.
  maxWorkers: 2 * availableParallelism(),
  // A worker's heap is large by the end, and takes longer than half a second to give back.
  workerGracefulExitTimeout: 10_000,
  // A hang ends a test. How fast a machine is, or what else runs on it, does not.
  testTimeout: 300_000,
  coverageProvider: 'v8',
  collectCoverageFrom: ['lib/**/*.ts', '!lib/**/*spec.ts'],
};
