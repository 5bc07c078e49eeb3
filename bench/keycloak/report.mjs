import { availableParallelism, cpus } from 'node:os';
import { median } from '../support/measure.mjs';
import { GOALS } from './contestants.mjs';

/**
 * Prints a table, the goals, and one line of JSON.
 *
 * @param results for each contestant `{ name, tokenLength, rounds }`
 * @param calls for each contestant `{ perRequest, requests, connections }`
 */
export function report(results, calls, facts) {
  const rows = results.map((result, index) => summaryOf(result, calls[index]));
  console.table(Object.fromEntries(rows.map(({ name, ...row }) => [name, columnsOf(row)])));
  const goals = GOALS.map((goal) => outcomeOf(goal, results)).filter(Boolean);
  for (const { name, peer, factor, ratio, spread, met } of goals) {
    const figures = `${ratio} (${spread.join(' to ')})`;
    console.log(`${name}: ${figures} × ${peer}; goal ${factor}: ${met ? 'met' : 'not met'}`);
  }
  const [{ model }] = cpus();
  const machine = { node: process.version, cores: availableParallelism(), model };
  console.log(
    JSON.stringify({ bench: 'keycloak', ...machine, ...facts, contestants: rows, goals }),
  );
}

function summaryOf({ name, rounds, tokenLength }, calls) {
  const of = (member) => rounds.map((round) => round[member]);
  const rates = of('perSecond');
  return {
    name,
    perSecond: Math.round(median(rates)),
    spread: [Math.min(...rates), Math.max(...rates)].map(Math.round),
    p50: round(median(of('p50')) / 1000, 1),
    p99: round(median(of('p99')) / 1000, 1),
    cpu: Math.round(median(of('cpu'))),
    // Not a number for the Keycloak of KEYCLOAK_URL, which JSON writes as null.
    keycloakCpu: Math.round(median(of('keycloakCpu'))),
    callsPerRequest: calls.perRequest,
    calls: calls.requests,
    connections: calls.connections,
    tokenLength,
  };
}

function columnsOf({ spread, calls, ...row }) {
  return {
    'requests/s': row.perSecond,
    'min to max': spread.join(' to '),
    'p50 ms': row.p50,
    'p99 ms': row.p99,
    'CPU µs': row.cpu,
    'Keycloak µs': row.keycloakCpu,
    'calls/request': row.callsPerRequest,
    calls: Object.entries(calls)
      .map(([path, count]) => `${count} ${path}`)
      .join(', '),
    'connections/1000 calls': row.connections,
  };
}

/** Medians of the ratios of each round: other load on the machine affects both alike. */
function outcomeOf({ name, peer, factor }, results) {
  const [ours, theirs] = [name, peer].map((one) => results.find((result) => result.name === one));
  if (!ours || !theirs) return undefined;
  const ratios = ours.rounds.map(
    ({ perSecond }, index) => perSecond / theirs.rounds[index].perSecond,
  );
  const ratio = round(median(ratios), 2);
  const spread = [Math.min(...ratios), Math.max(...ratios)].map((value) => round(value, 2));
  return { name, peer, factor, ratio, spread, met: ratio >= factor };
}

export function round(value, digits) {
  return Number(value.toFixed(digits));
}
