import { TestEnvironment } from 'jest-environment-node';

/** Event handlers of jest-circus: its own two, followed by those of the test file. */
const HANDLERS = Symbol.for('EVENT_HANDLERS');
/** Time limit set by `jest.setTimeout()`. */
const TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL');

let kept;

/**
 * Global object of the test files, shared by all files of a worker: with `shared.runtime.cjs`, it saves
 * loading NestJS and the other packages for each file. Watch mode has a new one for each file.
 */
export class SharedEnvironment {
  #node;
  #variables;
  #exit;

  constructor(config, context) {
    const { watch, watchAll } = config.globalConfig;
    const create = () => new TestEnvironment(config, context);
    this.#node = watch || watchAll ? create() : (kept ??= create());
    const { global, moduleMocker, fakeTimers, fakeTimersModern } = this.#node;
    Object.assign(this, { global, moduleMocker, fakeTimers, fakeTimersModern });
    this.#variables = { ...global.process.env };
    this.#exit = global.process.exit;
  }

  exportConditions() {
    return this.#node.exportConditions();
  }

  getVmContext() {
    return this.#node.getVmContext();
  }

  async setup() {
    await this.#node.setup();
  }

  /** Removes the tests of the previous file: jest-circus expects to be loaded for each file. */
  handleTestEvent(event, state) {
    if (event.name !== 'setup') return;
    const root = { ...state.rootDescribeBlock, children: [], hooks: [], tests: [] };
    Object.assign(state, {
      rootDescribeBlock: root,
      currentDescribeBlock: root,
      currentlyRunningTest: null,
      hasFocusedTests: false,
      hasStarted: false,
      unhandledErrors: [],
      unhandledRejectionErrorByPromise: new Map(),
    });
  }

  async teardown() {
    if (this.#node !== kept) return this.#node.teardown();
    this.global[HANDLERS].splice(2);
    delete this.global[TIMEOUT];
    // Jest wraps it for each file.
    this.global.process.exit = this.#exit;
    const { env } = this.global.process;
    for (const name of Object.keys(env)) delete env[name];
    Object.assign(env, this.#variables);
  }
}
