import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { FileStore } from '../../lib/store/file-store.js';
import { compileLib, type CompiledLib } from '../support/compiled-lib.js';

interface StoredValue {
  readonly round: number;
  readonly padding: string;
}

let compiled: CompiledLib;
let root: string;
let path: string;

beforeAll(async () => {
  compiled = await compileLib('store/file-store.ts');
});

afterAll(() => compiled.remove());

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'oxd-crash-'));
  path = join(root, '.oxd/store.json');
});

afterEach(() => rm(root, { recursive: true }));

/** Writes values of many sizes in turn and prints the number of each once `set` has resolved. */
const WRITER = `
const { FileStore } = await import(process.env.STORE_MODULE);
const store = await FileStore.open(process.env.STORE_PATH);
const before = await store.get('state');
for (let round = (before?.round ?? 0) + 1; ; round += 1) {
  await store.set('state', { round, padding: 'x'.repeat(round * 997 % 200_000) });
  process.stdout.write(round + '\\n');
}`;

it('a process killed while it writes leaves the last value that set() confirmed, or the next', async () => {
  let confirmed = 0;
  for (let kill = 0; kill < 15; kill += 1) {
    confirmed = await writeAndKill(confirmed, kill);
    const store = await FileStore.open(path);
    const { round, padding } = (await store.get('state')) as StoredValue;
    expect(round - confirmed).toBeGreaterThanOrEqual(0);
    expect(round - confirmed).toBeLessThanOrEqual(1);
    expect(padding).toHaveLength((round * 997) % 200_000);
    confirmed = round;
    await store.close();
  }
  expect(confirmed).toBeGreaterThan(15);
}, 60_000);

it('a process that exits without close() leaves a lock that the next process takes over', async () => {
  const child = start(`
    const { FileStore } = await import(process.env.STORE_MODULE);
    const store = await FileStore.open(process.env.STORE_PATH);
    await store.set('state', 'stored');
    process.exit(0);`);
  expect(await once(child, 'exit')).toEqual([0, null]);
  const store = await FileStore.open(path);
  expect(await store.get('state')).toBe('stored');
  await store.close();
});

it('an open store does not keep its process running', async () => {
  const child = start(`
    const { FileStore } = await import(process.env.STORE_MODULE);
    await (await FileStore.open(process.env.STORE_PATH)).set('login', 'temporary', 600_000);`);
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('a running process locks its file', async () => {
  const child = start(WRITER);
  await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line');
  await expect(FileStore.open(path)).rejects.toThrow(`in use by process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await FileStore.open(path)).close();
});

it('only one of several processes that find a stale lock opens the file', async () => {
  const children = Array.from({ length: 4 }, () => start(OPENER));
  const outcomes = children.map((child) => createInterface(child.stdout as NodeJS.ReadableStream));
  await Promise.all(outcomes.map((lines) => once(lines, 'line')));
  const dead = spawnSync(process.execPath, ['--version']).pid;
  try {
    for (let round = 0; round < 40; round += 1) {
      const file = join(root, `${round}.json`);
      await writeFile(`${file}.lock`, JSON.stringify({ pid: dead, instance: `${round}` }));
      const lines = outcomes.map((outcome) => once(outcome, 'line'));
      for (const { stdin } of children) stdin?.write(`${file}\n`);
      const results = (await Promise.all(lines)).flat() as string[];
      expect(results.filter((result) => result === 'open')).toHaveLength(1);
    }
  } finally {
    children.forEach((child) => child.kill('SIGKILL'));
  }
});

/** Opens each file named on standard input, without waiting, and prints the result. */
const OPENER = `
import { createInterface } from 'node:readline';
const { FileStore } = await import(process.env.STORE_MODULE);
console.log('ready');
for await (const file of createInterface(process.stdin)) {
  const opened = FileStore.open(file, { pause: async () => undefined });
  console.log(await opened.then(() => 'open', () => 'in use'));
}`;

/** Returns the last number that the writer printed before it was killed. */
async function writeAndKill(from: number, kill: number): Promise<number> {
  const child = start(WRITER);
  let confirmed = from;
  const lines = createInterface(child.stdout as NodeJS.ReadableStream);
  lines.on('line', (line) => (confirmed = Number(line)));
  await once(lines, 'line');
  await pause(kill * 3);
  child.kill('SIGKILL');
  await Promise.all([once(child, 'exit'), once(lines, 'close')]);
  return confirmed;
}

function start(script: string): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env.PATH, STORE_MODULE: compiled.path, STORE_PATH: path },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}
