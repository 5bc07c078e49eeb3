// npm run bench:socket (after a build): OidcService.getUserInfo with an oxd-server that replies
// immediately, compared with a bare socket, a minimal client, a connection per command, and npm
// oxd-node. Ratios are medians over rounds in which all clients run in short succession, so that
// other load on the machine affects all clients alike.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { contestants } from './contestants.mjs';
import { measure, median } from '../support/measure.mjs';

const CALLERS = [1, 8, 32];
const ROUNDS = 21;
const WARM_UP = 500;

const server = fork(new URL('stub-server.mjs', import.meta.url));
const [port] = await once(server, 'message');

const cells = new Map(CALLERS.map((callers) => [callers, new Map()]));
for (const { name } of contestants) for (const cell of cells.values()) cell.set(name, []);

async function run(contestant, callers, milliseconds) {
  const open = await contestant.open(port);
  await measure(open.call, callers, 20);
  const result = await measure(open.call, callers, milliseconds);
  await open.close();
  return result;
}

for (const contestant of contestants) await run(contestant, 8, WARM_UP);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const callers of CALLERS) {
    // Alternates the order, so that no client always runs after the same client.
    for (const contestant of round % 2 ? contestants : contestants.toReversed()) {
      cells
        .get(callers)
        .get(contestant.name)
        .push(await run(contestant, callers, contestant.cell));
    }
  }
}
server.disconnect();

function ratio(callers, peer) {
  const ours = cells.get(callers).get('nestjs-oxd');
  const theirs = cells.get(callers).get(peer);
  return median(ours.map(({ perSecond }, round) => perSecond / theirs[round].perSecond));
}

// console.log is disabled because oxd-node prints with it.
const print = (line) => process.stdout.write(`${line}\n`);
const row = (columns) =>
  columns.map((text, i) => (i ? text.padStart(12) : text.padEnd(24))).join('');
for (const callers of CALLERS) {
  print(row([`${callers} caller(s)`, 'commands/s', 'ours/theirs', 'p50 µs', 'p99 µs', 'CPU µs']));
  for (const { name } of contestants) {
    const results = cells.get(callers).get(name);
    const of = (member) => median(results.map((result) => result[member]));
    print(
      row([
        name,
        of('perSecond').toFixed(0),
        ratio(callers, name).toFixed(2),
        ...['p50', 'p99', 'cpu'].map((member) => of(member).toFixed(1)),
      ]),
    );
  }
  print('');
}
print(
  `Medians of ${ROUNDS} interleaved rounds. CPU: of the client process, per command.\n` +
    'nestjs-oxd, bare and least client have 8 sockets. bare writes prepared bytes and counts those of\n' +
    'the reply; least client writes and reads JSON and returns a promise.\n',
);
const ratios = (peer) =>
  Object.fromEntries(CALLERS.map((callers) => [callers, Number(ratio(callers, peer).toFixed(3))]));
print(
  JSON.stringify({
    bench: 'socket',
    ratios: { bare: ratios('bare'), 'oxd-node': ratios('oxd-node') },
  }),
);
