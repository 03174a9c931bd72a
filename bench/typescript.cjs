'use strict';
// Preloaded with --require: lets node run the application's TypeScript, whose decorators it cannot read.
const { join } = require('node:path');
const { transformFileSync } = require('@swc/core');

const LIB = join(__dirname, '../lib/');
const BUILT = join(__dirname, '../dist/');

require.extensions['.ts'] = (module, file) => {
  // The library as it was built: compiling it would take a second of each start.
  if (file.startsWith(LIB)) {
    module.exports = require(file.replace(LIB, BUILT).replace(/\.ts$/, '.js'));
    return;
  }
  const { code } = transformFileSync(file, {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  });
  module._compile(code, file);
};
