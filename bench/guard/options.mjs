import { parseArgs } from 'node:util';
import { contestants } from './contestants.mjs';

const PLATFORMS = ['express', 'fastify'];

const HELP = `npm run bench:guard -- [options]
  --only a,b         contestants; empty is always measured. Default all of
                     ${contestants.map(({ name }) => name).join(', ')}
  --platform name    express or fastify; default both
  --rounds n         default 7
  --seconds n        per contestant and round; default 1
  --requests n       until memory is measured again, 0: not at all; default 100000, 0 with --only
  --poll             the load generator polls and never sleeps, so that the application does not pay for
                     waking it; only for contestants without stub servers, which need the same core
  --cpu-prof folder  writes a profile of each contestant after its rounds, and prints the largest shares
`;

/** Reads the options; ends the process after `--help` or a wrong value. */
export function readOptions(args) {
  try {
    const { values } = parseArgs({ args, options: FLAGS });
    if (values.help) exitWith(0, HELP);
    return toOptions(values);
  } catch (error) {
    return exitWith(1, `${error.message}\n${HELP}`);
  }
}

const string = { type: 'string' };
const FLAGS = {
  help: { type: 'boolean' },
  only: string,
  platform: string,
  rounds: { ...string, default: '7' },
  seconds: { ...string, default: '1' },
  requests: string,
  poll: { type: 'boolean', default: false },
  'cpu-prof': string,
};

function toOptions({ only, platform, rounds, seconds, requests, poll, ...others }) {
  const milliseconds = 1000 * positive('--seconds', seconds);
  return {
    contestants: contestantsOf(only?.split(',')),
    platforms: platform === undefined ? PLATFORMS : known('--platform', [platform], PLATFORMS),
    rounds: positive('--rounds', rounds),
    milliseconds,
    requests: Number(requests ?? (only ? 0 : 100_000)),
    poll,
    profiles: others['cpu-prof'],
  };
}

function contestantsOf(names) {
  if (!names) return contestants;
  const all = contestants.map(({ name }) => name);
  known('--only', names, all);
  return contestants.filter(({ name }) => name === 'empty' || names.includes(name));
}

function known(option, names, all) {
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`${option}: ${unknown} is not one of ${all}.`);
  return names;
}

function positive(option, text) {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`${option}: ${text} is not a positive number.`);
}

function exitWith(code, text) {
  process.stderr.write(text);
  process.exit(code);
}
