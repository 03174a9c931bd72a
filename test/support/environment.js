const { AsyncLocalStorage } = require('node:async_hooks');
const vm = require('node:vm');
const { LegacyFakeTimers, ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');

/** Stands for the context that Node itself runs in, which has no object of its own. */
const MAIN_CONTEXT = vm.createContext({});
const { compileFunction } = vm;
/** The function around each of our modules, by its file. A call of it makes the module again, from nothing. */
const compiled = new Map();
/** Coverage counts what is compiled for the suite that it is counted of. */
let isCovered = false;
vm.compileFunction = (code, parameters, { importModuleDynamically, ...options } = {}) => {
  if (options.parsingContext !== MAIN_CONTEXT) {
    return compileFunction(code, parameters, { importModuleDynamically, ...options });
  }
  const known = compiled.get(options.filename);
  if (known?.code === code && !isCovered) return known.made;
  // A real import() would go to the suite that it was compiled for; swc has made each a require().
  const made = compileFunction(code, parameters, { ...options, parsingContext: undefined });
  compiled.set(options.filename, { code, made });
  return made;
};

const entered = new Set();
for (const method of ['run', 'enterWith']) {
  const original = AsyncLocalStorage.prototype[method];
  AsyncLocalStorage.prototype[method] = function (...args) {
    entered.add(this);
    return original.apply(this, args);
  };
}

/**
 * Runs the suites of a worker in Node's own context, one after the other: packages are loaded once
 * a worker (`runtime.js`), and an error is an `Error` in whatever module it was made. What a suite
 * changes of the globals and the environment variables ends with it.
 */
module.exports = class {
  global = globalThis;
  #globals = Object.getOwnPropertyDescriptors(globalThis);
  #env = { ...process.env };
  #exit = process.exit;

  constructor({ globalConfig, projectConfig: config }) {
    isCovered = globalConfig.collectCoverage;
    const { global } = this;
    this.moduleMocker = new ModuleMocker(global);
    const timerConfig = { idToRef: (id) => id, refToId: (timer) => timer };
    const { moduleMocker } = this;
    this.fakeTimers = new LegacyFakeTimers({ config, global, moduleMocker, timerConfig });
    this.fakeTimersModern = new ModernFakeTimers({ config, global });
  }

  async setup() {}

  async teardown() {
    this.fakeTimers.dispose();
    this.fakeTimersModern.dispose();
    // Node keeps each AsyncLocalStorage that was ever entered, and visits it for every promise.
    // With it stay all the modules of the suite that made it.
    for (const storage of entered) storage.disable();
    entered.clear();
    process.exit = this.#exit;
    for (const name of Object.keys(process.env)) {
      if (!(name in this.#env)) delete process.env[name];
    }
    Object.assign(process.env, this.#env);
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      if (!(name in this.#globals)) delete globalThis[name];
    }
    Object.defineProperties(globalThis, this.#globals);
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return MAIN_CONTEXT;
  }
};
