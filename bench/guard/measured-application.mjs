import { startProcess } from '../support/processes.mjs';

const CORE = 0;
const CALLERS = 50;
/** Requests until V8 has optimized a contestant. */
const WARM_UP = 5_000;
/** Load before each round, in milliseconds: V8 discards code of an application that was idle. */
const SETTLE = 1_000;
const PATH = '/albums';
/** Statuses of a denial. */
const DENIALS = [401, 403];

/**
 * Starts the application of a contestant in its own process, with its own stub servers.
 *
 * @param shared processes of the stub servers (`stubs`) and of the load (`load`), and option `poll`
 */
export async function startApplication({ contestant, platform, ...shared }) {
  const url = new URL('application.mjs', import.meta.url);
  const child = startProcess(url, CORE, ['--expose-gc']);
  const name = `${platform} ${contestant.name}`;
  const servers = await shared.stubs.ask({ name: 'start', application: name, tokens: CALLERS });
  const { port } = await child.ask({
    name: 'start',
    contestant: contestant.name,
    platform,
    servers,
  });
  return new MeasuredApplication({ contestant, child, port, servers, label: name, ...shared });
}

class MeasuredApplication {
  rounds = [];
  heaps = [];
  #parts;

  constructor(parts) {
    this.#parts = parts;
    this.name = parts.contestant.name;
  }

  /** @throws {Error} when a valid token is denied, or an invalid or missing one is not */
  async checkResponses() {
    const { grantsAll } = this.#parts.contestant;
    const denials = grantsAll ? [200] : DENIALS;
    for (const [kind, statuses] of Object.entries({
      valid: [200],
      invalid: denials,
      none: denials,
    })) {
      const headers = this.#headers(kind);
      const { status } = await fetch(`http://127.0.0.1:${this.#parts.port}${PATH}`, { headers });
      if (statuses.includes(status)) continue;
      throw new Error(`${this.#parts.label}: status ${status} for ${kind} token.`);
    }
  }

  async warmUp() {
    await this.#load({ requests: WARM_UP });
    await this.#measureHeapNow();
  }

  async measure(milliseconds) {
    await this.#load({ milliseconds: SETTLE });
    this.rounds.push(await this.#load({ milliseconds }));
  }

  /** Measures memory again after a number of requests since the warm-up, including the rounds. */
  async measureHeap(requests) {
    if (this.#parts.contestant.isShort) return;
    const done = this.rounds.reduce((sum, round) => sum + round.requests, 0);
    if (done < requests) await this.#load({ requests: requests - done });
    await this.#measureHeapNow();
  }

  async profile(milliseconds, file) {
    const { child } = this.#parts;
    await child.ask({ name: 'startProfile' });
    await this.#load({ milliseconds });
    return child.ask({ name: 'finishProfile', file });
  }

  stop() {
    return this.#parts.child.stop();
  }

  async #measureHeapNow() {
    const { heap } = await this.#parts.child.ask({ name: 'heap' });
    this.heaps.push(heap);
  }

  /** Connections are opened before and closed after the measurement. */
  async #load(limit) {
    const { load, port, contestant, poll } = this.#parts;
    const status = contestant.sends === 'none' ? '401' : '200';
    await load.ask({ name: 'open', port, requests: this.#requests(), status });
    const before = await this.#counters();
    const result = await load.ask({ name: 'run', poll, ...limit });
    const after = await this.#counters();
    await load.ask({ name: 'close' });
    const per = (name) => (after[name] - before[name]) / result.requests;
    return {
      ...result,
      perSecond: result.requests / result.seconds,
      cpu: per('user') + per('system'),
      calls: 1000 * per('calls'),
      reads: 1000 * per('reads'),
      old: per('old'),
    };
  }

  async #counters() {
    const { child, stubs, label } = this.#parts;
    const { calls } = await stubs.ask({ name: 'calls', application: label });
    return { ...(await child.ask({ name: 'usage' })), calls };
  }

  /** One request per connection, each with its own token: equal tokens could share an introspection. */
  #requests() {
    return Array.from({ length: CALLERS }, (_, index) => {
      const headers = { host: `127.0.0.1:${this.#parts.port}`, ...this.#headers(undefined, index) };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      return [`GET ${PATH} HTTP/1.1`, ...lines, '', ''].join('\r\n');
    });
  }

  #headers(kind = this.#parts.contestant.sends ?? 'valid', index = 0) {
    const { contestant, servers } = this.#parts;
    if (kind === 'none') return {};
    return { authorization: `Bearer ${servers.tokens[contestant.token ?? 'opaque'][kind][index]}` };
  }
}
