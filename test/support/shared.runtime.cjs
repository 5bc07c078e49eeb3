const { default: Runtime } = require('jest-runtime');

const runtimes = new WeakMap();

/**
 * Loader that keeps the modules of packages and of `lib` for the next test files of a worker. Loading
 * them for each file takes more time than the tests. The modules of `test`, which register hooks and
 * have state, are loaded for each file; so is everything after a file that replaced a module.
 */
module.exports = class SharedRuntime extends Runtime {
  hasReplacedModules = false;

  constructor(config, environment, ...rest) {
    const known = runtimes.get(environment.getVmContext());
    if (known !== undefined) {
      known.begin(rest.at(-2));
      return known;
    }
    super(config, environment, ...rest);
    runtimes.set(environment.getVmContext(), this);
  }

  begin(testPath) {
    for (const part of [this.esmLoader, this.executor]) part.testPath = testPath;
    this._testPath = testPath;
    this.testState.state = 'loading';
  }

  setModuleMock(...args) {
    this.hasReplacedModules = true;
    super.setModuleMock(...args);
  }

  teardown() {
    this.restoreAllMocks();
    if (this.hasReplacedModules) this.resetModules();
    this.hasReplacedModules = false;
    this.#forgetTests();
    this.testMainModule.reset();
    this.mockState.clear();
    this.jestGlobals.clearJestObjectCache();
    this.loggedReferenceErrors.clear();
    this.testState.teardown();
  }

  /** Also removes the `jest` objects, whose keys contain the path of the importing file. */
  #forgetTests() {
    const tests = `${this._config.rootDir}/test/`;
    const { esModuleRegistry } = this.registries;
    for (const key of esModuleRegistry.keys())
      if (key.includes(tests)) esModuleRegistry.delete(key);
  }
};
