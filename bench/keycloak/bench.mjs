// npm run bench:keycloak [-- --rounds=N] [--only=PART OF A NAME] [--callers=N] (after a build): one
// route behind nest-keycloak-connect and behind nestjs-oxd, at one running and warm Keycloak. It
// starts the Keycloak of the test suite, or uses that of KEYCLOAK_URL.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withKeycloak } from '../../test/keycloak/with-keycloak.mjs';
import { startApplication } from './application.mjs';
import { CONTESTANTS } from './contestants.mjs';
import { startCountingProxy } from './counting-proxy.mjs';
import { openLoad } from './load.mjs';
import { CLIENT, createRealm, issueTokens, ROUTE } from './realm.mjs';
import { cpuOfGroup } from './process-group.mjs';
import { report, round } from './report.mjs';

const { values: settings } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    callers: { type: 'string', default: '32' },
    only: { type: 'string', default: '' },
  },
});
const [ROUNDS, CALLERS] = [Number(settings.rounds), Number(settings.callers)];
const chosen = CONTESTANTS.filter(({ name }) => name.includes(settings.only));

const CELL = 2_500;
const SETTLE = 300;
const COUNTED = 1_000;
const WARM_UP = { cell: 700, limit: 90_000, cycles: 3, spread: 1.1 };

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => interruption.abort(new Error(`Interrupted by ${name}.`)));
}

installPeer();
await withKeycloak(interruption.signal, async ({ environment, server }) => {
  const realm = await createRealm(environment);
  try {
    const calls = await countCalls(realm);
    const { results, warmUp } = await measureAll(realm, server);
    const counted = results.map((result, index) => ({ ...result, calls: calls[index] }));
    report(counted, { callers: CALLERS, rounds: ROUNDS, warmUp });
  } finally {
    await realm.remove();
  }
});

/** Installs the packages of the peer into its own folder: it needs another version of NestJS. */
function installPeer() {
  const cwd = fileURLToPath(new URL('peer', import.meta.url));
  if (existsSync(`${cwd}/node_modules/nest-keycloak-connect`)) return;
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts'];
  execFileSync('npm', ['ci', ...flags], { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Calls of each application to Keycloak, through a proxy that the measured rounds do without. */
async function countCalls(realm) {
  const proxy = await startCountingProxy(realm.url);
  try {
    const tokens = await tokensAt(proxy.url, realm);
    const counts = [];
    for (const contestant of chosen) {
      const opened = await open(contestant, { url: proxy.url, realm, tokens });
      await opened.load.run(SETTLE);
      proxy.take();
      counts.push(perRequest(proxy, await opened.load.run(COUNTED, { alone: true })));
      await opened.close();
    }
    return counts;
  } finally {
    proxy.close();
  }
}

function perRequest(proxy, { count }) {
  const { connections, requests } = proxy.take();
  const paths = Object.entries(requests);
  const calls = paths.reduce((sum, [, calls]) => sum + calls, 0);
  return {
    perRequest: round(calls / count, 2),
    requests: Object.fromEntries(paths.map(([path, calls]) => [path, round(calls / count, 2)])),
    connections: calls ? round((connections / calls) * 1000, 0) : 0,
  };
}

async function measureAll(realm, server) {
  const tokens = await tokensAt(realm.url, realm);
  const opened = [];
  try {
    for (const contestant of chosen)
      opened.push(await open(contestant, { ...realm, realm, tokens }));
    const warmUp = await untilWarm(opened);
    for (let index = 0; index < ROUNDS; index += 1) {
      // Alternates the order, so that no contestant always runs after the same contestant.
      for (const one of index % 2 ? opened.toReversed() : opened)
        one.rounds.push(await cell(one, server));
    }
    const results = opened.map(({ name, rounds, tokenLength }) => ({ name, rounds, tokenLength }));
    return { results, warmUp };
  } finally {
    for (const one of opened) await one.close();
  }
}

async function tokensAt(url, { name }) {
  const issued = await issueTokens(`${url}/realms/${name}`, CALLERS);
  return { ...issued, none: { ...issued.access, denied: [] } };
}

async function open(contestant, { url, realm, tokens: issued }) {
  const tokens = issued[contestant.tokens];
  const site = { url, realm: realm.name, client: CLIENT, secret: realm.secret };
  const application = await startApplication(contestant, { ...site, route: ROUTE });
  const load = openLoad(application.origin, ROUTE.path, tokens);
  return {
    name: contestant.name,
    tokenLength: tokens.permitted[0].length,
    rounds: [],
    application,
    load,
    async close() {
      await load.close();
      await application.close();
    },
  };
}

/** Repeats short rounds until the rate of the first contestant is stable. */
async function untilWarm(opened) {
  const rates = [];
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1000);
  while (performance.now() - start < WARM_UP.limit) {
    interruption.signal.throwIfAborted();
    for (const { load } of opened) {
      const { perSecond } = await load.run(WARM_UP.cell);
      if (load === opened[0].load) rates.push(perSecond);
    }
    const last = rates.slice(-WARM_UP.cycles);
    const stable = Math.max(...last) / Math.min(...last) < WARM_UP.spread;
    if (last.length === WARM_UP.cycles && stable) return { seconds: seconds(), stable };
  }
  return { seconds: seconds(), stable: false };
}

async function cell({ application, load }, server) {
  interruption.signal.throwIfAborted();
  await load.run(SETTLE);
  const cpus = () => Promise.all([application.cpu(), server && cpuOfGroup(server.group)]);
  const before = await cpus();
  const { count, perSecond, p50, p99 } = await load.run(CELL);
  const after = await cpus();
  const [cpu, keycloakCpu] = after.map((time, index) => (time - before[index]) / count);
  return { perSecond, p50, p99, cpu, keycloakCpu };
}
