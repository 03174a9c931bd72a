const { availableParallelism } = require('node:os');

// Nest 12 ships ES modules only, and Jest can require() one natively only on Node >= 24.9.
// The test run therefore compiles our TypeScript and those packages to CommonJS.
const esmPackages = ['@nestjs'];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // Many tests wait for another process, and leave their core to the next.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  roots: ['<rootDir>/lib', '<rootDir>/test'],
  // A hang ends a test. How fast a machine is, or what else runs on it, does not.
  testTimeout: 300_000,
  testRegex: '\\.(spec|e2e-spec)\\.ts$',
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/packaging/'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // Jest loads every module once a suite: these have half of all, and ship as one file too.
    '^rxjs(/operators)?$': '<rootDir>/node_modules/rxjs/dist/bundles/rxjs.umd.js',
    '^class-validator$': '<rootDir>/node_modules/class-validator/bundles/class-validator.umd.js',
    '^class-transformer$':
      '<rootDir>/node_modules/class-transformer/bundles/class-transformer.umd.js',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
      },
    ],
    '^.+\\.js$': ['@swc/jest', { jsc: { target: 'es2022' }, module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmPackages.join('|')})/)`],
  coverageProvider: 'v8',
  collectCoverageFrom: ['lib/**/*.ts', '!lib/**/*.spec.ts'],
};
