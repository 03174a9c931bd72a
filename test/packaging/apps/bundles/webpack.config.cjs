const { resolve } = require('node:path');

const bundle = (filename, more = {}) => ({
  mode: 'production',
  target: 'node',
  entry: './start.mjs',
  externals: { libsql: 'commonjs libsql' },
  ...more,
  output: { path: resolve(__dirname, 'out'), filename, ...more.output },
});

module.exports = [
  bundle('webpack.cjs'),
  bundle('webpack.mjs', {
    experiments: { outputModule: true },
    output: { module: true, chunkFormat: 'module' },
  }),
];
