// npm run bench:keycloak [-- --platform=fastify] [--rounds=N] [--only=REGEXP] [--callers=N] (after a
// build): one route behind nest-keycloak-connect and behind nestjs-oxd, on Express unless the platform is
// given, at one running and warm Keycloak. It starts the Keycloak of the test suite, or uses that of
// KEYCLOAK_URL.
import { parseArgs } from 'node:util';
import { withKeycloak } from '../../test/keycloak/with-keycloak.mjs';
import { CONTESTANTS } from './contestants.mjs';
import { startCountingProxy } from './counting-proxy.mjs';
import { startProcess } from '../support/processes.mjs';
import './peer/install.mjs';
import { createRealm, issueTokens } from './realm.mjs';
import { report, round } from './report.mjs';
import { RunningContestant } from './running-contestant.mjs';

const { values: settings } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    callers: { type: 'string', default: '32' },
    only: { type: 'string', default: '' },
    platform: { type: 'string', default: 'express' },
  },
});
const { platform } = settings;
if (!['express', 'fastify'].includes(platform)) throw new Error('--platform: express or fastify.');
const [ROUNDS, CALLERS] = [Number(settings.rounds), Number(settings.callers)];
const chosen = CONTESTANTS.filter(({ name }) => new RegExp(settings.only).test(name));

const CELL = 2_000;
/** An application is slower at first after it was idle, as while the others are measured. */
const SETTLE = 1_000;
const COUNTED = 1_000;
const WARM_UP = { cell: 700, limit: 240_000, cycles: 3, spread: 1.1 };

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => interruption.abort(new Error(`Interrupted by ${name}.`)));
}

// For the applications, which inherit it.
process.env.NODE_ENV = 'production';

const load = startProcess(new URL('../support/load.mjs', import.meta.url));
try {
  await withKeycloak(interruption.signal, async ({ environment, server }) => {
    const realm = await createRealm(environment);
    try {
      const calls = await countCalls(realm);
      const { results, warmUp } = await measureAll(realm, server);
      report(results, calls, { platform, callers: CALLERS, rounds: ROUNDS, warmUp });
    } finally {
      await realm.remove();
    }
  });
} finally {
  await load.stop();
}

/** Calls of each application to Keycloak, through a proxy that the measured rounds do without. */
async function countCalls(realm) {
  const proxy = await startCountingProxy(realm.url);
  try {
    const tokens = await tokensAt(proxy.url, realm);
    const counts = [];
    for (const contestant of chosen) {
      // The proxy counts the calls of denied requests, too.
      const permitted = { ...tokens[contestant.tokens], denied: [] };
      const only = { ...tokens, [contestant.tokens]: permitted };
      const running = await RunningContestant.start(
        contestant,
        { url: proxy.url, realm, tokens: only, platform },
        load,
      );
      await running.run(SETTLE);
      const { requests } = await running.run(COUNTED, () => proxy.take());
      counts.push(perRequest(proxy.take(), requests));
      await running.stop();
    }
    return counts;
  } finally {
    proxy.close();
  }
}

function perRequest({ connections, requests }, count) {
  const paths = Object.entries(requests);
  const calls = paths.reduce((sum, [, number]) => sum + number, 0);
  return {
    perRequest: round(calls / count, 2),
    requests: Object.fromEntries(paths.map(([path, number]) => [path, round(number / count, 2)])),
    connections: calls ? round((connections / calls) * 1000, 0) : 0,
  };
}

async function measureAll(realm, server) {
  const tokens = await tokensAt(realm.url, realm);
  const all = [];
  try {
    for (const contestant of chosen) {
      all.push(
        await RunningContestant.start(
          contestant,
          { url: realm.url, realm, tokens, platform },
          load,
        ),
      );
    }
    const warmUp = await untilWarm(all);
    for (let index = 0; index < ROUNDS; index += 1) {
      // Alternates the order, so that no contestant always runs after the same contestant.
      for (const one of index % 2 ? all.toReversed() : all) {
        interruption.signal.throwIfAborted();
        await one.run(SETTLE);
        await one.measure(CELL, server);
      }
    }
    return { results: all, warmUp };
  } finally {
    for (const one of all) await one.stop();
  }
}

async function tokensAt(url, { name }) {
  const issued = await issueTokens(`${url}/realms/${name}`, CALLERS);
  return { ...issued, none: { ...issued.access, denied: [] } };
}

/** Repeats short rounds until the rate of the first contestant is stable. */
async function untilWarm(all) {
  const rates = [];
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1000);
  while (performance.now() - start < WARM_UP.limit) {
    for (const one of all) {
      interruption.signal.throwIfAborted();
      const { requests, seconds: time } = await one.run(WARM_UP.cell);
      if (one === all[0]) rates.push(requests / time);
    }
    const last = rates.slice(-WARM_UP.cycles);
    const stable = Math.max(...last) / Math.min(...last) < WARM_UP.spread;
    if (last.length === WARM_UP.cycles && stable) return { seconds: seconds(), stable };
  }
  return { seconds: seconds(), stable: false };
}
