import { SharedEnvironment } from './shared.environment.js';

const NOISE = /oidc-provider (WARNING|NOTICE)/;

/**
 * Captures the output of a test file: stdout and stderr (used by Nest's loggers) and the console,
 * which Jest buffers. The file fails if a registered secret is in it, see `secrets.ts`.
 * An environment and not a hook: root hooks of a test file run after those of the set-up files.
 */
export default class SecretsEnvironment extends SharedEnvironment {
  #console;
  #printed = new Map();
  #restore = [];
  #test = 'no test';

  constructor(config, context) {
    super(config, context);
    this.#console = context.console;
  }

  async setup() {
    await super.setup();
    for (const stream of [process.stdout, process.stderr]) this.#watch(stream);
  }

  handleTestEvent(event, state) {
    super.handleTestEvent(event, state);
    if (event.name === 'test_start') this.#test = `"${event.test.name}"`;
    if (event.name === 'test_done') this.#test = 'no test';
    if (event.name !== 'run_finish') return;
    const leaks = this.global.describeLeaks(this.#output());
    if (leaks === undefined) return;
    state.unhandledErrors.push(Object.assign(new Error(leaks), { stack: leaks }));
  }

  async teardown() {
    this.#restore.forEach((restore) => restore());
    await super.teardown();
  }

  #watch(stream) {
    const { write } = stream;
    stream.write = (chunk, ...rest) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      const where = `while ${this.#test} ran`;
      this.#printed.set(where, (this.#printed.get(where) ?? '') + text);
      return NOISE.test(text) || write.call(stream, chunk, ...rest);
    };
    this.#restore.push(() => (stream.write = write));
  }

  /** Captured output by channel. Also removes the noise from Jest's buffer. */
  #output() {
    const buffer = this.#console.getBuffer?.() ?? [];
    for (const { type, message, origin } of buffer) {
      const where = `by console.${type} ${origin.split('\n')[0].trim()}`;
      this.#printed.set(where, `${this.#printed.get(where) ?? ''}\n${message}`);
    }
    const quiet = buffer.filter(({ message }) => !NOISE.test(message));
    buffer.splice(0, buffer.length, ...quiet);
    return [...this.#printed];
  }
}
