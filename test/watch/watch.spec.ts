import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { root } from '../support/source.js';
import { addSpecs, createProject, removeProject, saveRevision } from './project.js';

const run = promisify(execFile);
const SAVES = 10;
const NEST = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
const JEST = join(root, 'node_modules/jest/bin/jest.js');
/** Jest sets NODE_ENV, which the application must not inherit. */
const { NODE_ENV: _, ...ENVIRONMENT } = process.env;

/** In a new pid namespace the CLI is PID 1: a process whose parent has ended stays a zombie. */
const UNSHARE = ['unshare', '--fork', '--pid', '--mount-proc', '--kill-child'];

let project: string;
let watcher: ChildProcess | undefined;
let output: string[];

beforeEach(async () => {
  project = await createProject();
  output = [];
});

afterEach(async () => {
  if (watcher?.pid !== undefined && watcher.exitCode === null) {
    const ended = once(watcher, 'exit');
    process.kill(-watcher.pid, 'SIGKILL');
    await ended;
  }
  watcher = undefined;
  await removeProject(project);
});

/** Runs `nest start --watch` in its own process group. */
function watch(wrapper: readonly string[]): void {
  const [command, ...args] = [...wrapper, process.execPath, NEST, 'start', '--watch'];
  const options = { cwd: project, env: ENVIRONMENT, detached: true };
  watcher = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [watcher.stdout, watcher.stderr]) {
    createInterface(stream as NodeJS.ReadableStream).on('line', (line) => output.push(line));
  }
}

/** Waits for the start of a revision; rejects when the application or the watcher has failed. */
async function expectStarted(revision: number): Promise<void> {
  while (!output.includes(`started revision ${revision}`)) {
    const failed = output.some((line) => /OxdConfigurationError|error TS/.test(line));
    if (failed || watcher?.exitCode !== null) throw new Error(output.join('\n'));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.each([
  { name: 'nest start --watch', wrapper: [] },
  { name: 'nest start --watch, where PID 1 does not reap', wrapper: UNSHARE },
])('$name', ({ wrapper }) => {
  it('restarts the application at each of ten saves', async () => {
    watch(wrapper);
    await expectStarted(0);
    for (let revision = 1; revision <= SAVES; revision += 1) {
      await saveRevision(project, revision);
      await expectStarted(revision);
    }
    const starts = output.filter((line) => line.startsWith('started revision'));
    expect(starts).toHaveLength(SAVES + 1);
    expect(await readdir(join(project, '.oxd'))).toContain('store.json.lock');
  });
});

it('two test workers start the module of an application that runs', async () => {
  await addSpecs(project);
  watch([]);
  await expectStarted(0);
  const config = JSON.stringify({ transform: {}, rootDir: project });
  const args = ['--experimental-vm-modules', JEST, '--config', config, '--maxWorkers', '2'];
  const { stderr } = await run(process.execPath, args, { cwd: project, env: ENVIRONMENT });
  expect(stderr).toContain('2 passed');
});
