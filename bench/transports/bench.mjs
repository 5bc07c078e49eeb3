// npm run bench:transports (after a build): UmaService.checkAccess over each transport, compared with
// the least clients of undici (JSON and one promise) and a bare socket. Ratios are medians over
// rounds in which all clients run in short succession, so that other load on the machine affects
// all clients alike.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { measure, median } from '../support/measure.mjs';
import { contestants } from './contestants.mjs';

const CALLERS = [1, 8, 32];
const ROUNDS = Number(process.argv[2] ?? 15);
const CELL = 200;
const WARM_UP = 1_000;

const child = fork(new URL('stub-servers.mjs', import.meta.url));
const [servers] = await once(child, 'message');

const results = new Map();
const resultsOf = (name, callers) => {
  const key = `${name} ${callers}`;
  if (!results.has(key)) results.set(key, []);
  return results.get(key);
};

const opened = [];
for (const { name, open } of contestants) {
  const client = await open(servers);
  opened.push({ name, client });
  await measure(client.call, 8, WARM_UP);
}
for (let round = 0; round < ROUNDS; round += 1) {
  for (const callers of CALLERS) {
    // Alternates the order, so that no client always runs after the same client.
    for (const { name, client } of round % 2 ? opened : opened.toReversed()) {
      await measure(client.call, callers, 20);
      resultsOf(name, callers).push(await measure(client.call, callers, CELL));
    }
  }
}
for (const { client } of opened) await client.close();
child.disconnect();

function ratio(name, peer, callers) {
  const theirs = resultsOf(peer, callers);
  const rounds = resultsOf(name, callers);
  return median(rounds.map(({ perSecond }, round) => perSecond / theirs[round].perSecond));
}

const LEAST = 'undici dispatch';
const row = (columns) =>
  columns.map((text, i) => (i ? text.padStart(14) : text.padEnd(20))).join('');
for (const callers of CALLERS) {
  console.log(row([`${callers} caller(s)`, 'calls/s', 'CPU µs', 'p50 µs', `/ ${LEAST}`]));
  for (const { name } of contestants) {
    const of = (member) => median(resultsOf(name, callers).map((result) => result[member]));
    const columns = [of('perSecond').toFixed(0), of('cpu').toFixed(1), of('p50').toFixed(0)];
    console.log(row([name, ...columns, ratio(name, LEAST, callers).toFixed(2)]));
  }
  console.log('');
}
const ratios = (name, peer) =>
  Object.fromEntries(
    CALLERS.map((callers) => [callers, Number(ratio(name, peer, callers).toFixed(3))]),
  );
console.log(
  JSON.stringify({
    bench: 'transports',
    ratios: {
      extension: ratios('https extension', LEAST),
      rest: ratios('https REST', LEAST),
      restToRequest: ratios('https REST', 'undici request'),
      socket: ratios('socket', 'bare socket'),
    },
  }),
);
