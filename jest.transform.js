// Nest 12 ships ES modules only, and Jest can require() one natively only on Node >= 24.9.
// The test run therefore compiles our TypeScript and those packages to CommonJS.
const esmPackages = ['@nestjs'];

/** How the tests are compiled, for every configuration of Jest here. @type {import('jest').Config} */
module.exports = {
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
};
