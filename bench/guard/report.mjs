import { median } from '../support/measure.mjs';

const MIB = 1_048_576;
const MEASURED = ['perSecond', 'p50', 'p99', 'cpu', 'calls', 'reads', 'old'];

/**
 * Medians of each application by the name of its contestant, and what they are above the empty guard
 * (`added`, with its quartiles) and of its rate (`ofEmpty`). Both compare the same round.
 */
export function summaryOf(applications) {
  const empty = applications.find(({ name }) => name === 'empty');
  return Object.fromEntries(applications.map((one) => [one.name, figuresOf(one, empty)]));
}

function figuresOf({ rounds, heaps }, empty) {
  const added = rounds.map(({ cpu }, round) => cpu - empty.rounds[round].cpu);
  const ofEmpty = rounds.map(({ perSecond }, round) => perSecond / empty.rounds[round].perSecond);
  const medians = MEASURED.map((name) => [name, median(rounds.map((round) => round[name]))]);
  const figures = {
    ...Object.fromEntries(medians),
    ofEmpty: median(ofEmpty),
    added: median(added),
    addedLow: quantile(added, 0.25),
    addedHigh: quantile(added, 0.75),
    heap: heaps.length > 1 ? (heaps.at(-1) - heaps[0]) / MIB : undefined,
  };
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, value && Number(value.toFixed(2))]),
  );
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))];
}

const COLUMNS = {
  'requests/s': ({ perSecond }) => perSecond.toFixed(0),
  '/ empty': ({ ofEmpty }) => ofEmpty.toFixed(2),
  'p50 ms': ({ p50 }) => (p50 / 1000).toFixed(1),
  'p99 ms': ({ p99 }) => (p99 / 1000).toFixed(1),
  'CPU µs': ({ cpu }) => cpu.toFixed(1),
  'added µs': ({ added }) => added.toFixed(1),
  quartiles: ({ addedLow, addedHigh }) => `${addedLow.toFixed(0)} to ${addedHigh.toFixed(0)}`,
  'calls/1000': ({ calls }) => calls.toFixed(0),
  'reads/1000': ({ reads }) => reads.toFixed(1),
  'old bytes': ({ old }) => old.toFixed(0),
  'heap MiB': ({ heap }) => heap?.toFixed(1) ?? '',
};

export function printTable(platform, summary, { rounds, milliseconds }) {
  console.log(row([platform, ...Object.keys(COLUMNS)]));
  for (const [name, figures] of Object.entries(summary)) {
    console.log(row([name, ...Object.values(COLUMNS).map((column) => column(figures))]));
  }
  console.log(`Medians of ${rounds} interleaved rounds of ${milliseconds / 1000} s.\n`);
}

export function printProfile(file, { packages, functions }) {
  console.log(file);
  for (const [key, percent] of [...packages, ...functions]) console.log(row([`${percent} %`, key]));
  console.log('');
}

function row([first, ...columns]) {
  return first.padEnd(20) + columns.map((text) => text.padStart(12)).join('');
}
