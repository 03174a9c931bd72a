const { createRequire, isBuiltin } = require('node:module');
const { default: JestRuntime } = require('jest-runtime');

/**
 * Leaves packages to Node, which loads each once a worker. Jest loads our own modules, again for
 * each suite.
 */
module.exports = class extends JestRuntime {
  requireModule(from, name, options, isRequireActual) {
    const isPackage = name !== undefined && !/^[./]/.test(name) && !isBuiltin(name);
    if (isPackage && options?.isInternalModule !== true) return createRequire(from)(name);
    return super.requireModule(from, name, options, isRequireActual);
  }
};
