const { join } = require('node:path');

/** How the tests are compiled and loaded, for every configuration of Jest here. @type {import('jest').Config} */
module.exports = {
  testEnvironment: join(__dirname, 'test/support/environment.js'),
  runtime: join(__dirname, 'test/support/runtime.js'),
  // The suites share these with Jest and with Node itself.
  fakeTimers: { doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'] },
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
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};
