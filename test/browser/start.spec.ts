import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Browser, passSandbox, textOf } from '../support/browser.js';
import { freePort } from './sample-app.js';

const START = resolve('sample/start.mjs');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oxd-start-'));
  await symlink(resolve('sample/01-login/dist'), join(folder, 'dist'));
});

afterEach(() => rm(folder, { recursive: true }));

it.each([
  ['npm start', []],
  ['npm run start:socket', ['--socket']],
])(
  '%s prints an address to log in at; the next start registers nothing anew',
  async (_name, args) => {
    const ports = await freePorts();
    const clients = [];
    for (let times = 0; times < 2; times++) {
      const started = await start(ports, args);
      const { browser, login } = await beginLogin(started.address);
      clients.push(new URL(login).searchParams.get('client_id'));
      const profile = await passSandbox(browser, login);
      expect(textOf(profile.html)).toContain('zoe@example.com');
      expect(await started.stop()).toBe(0);
    }
    expect(clients[0]).toEqual(expect.any(String));
    expect(clients[1]).toBe(clients[0]);
  },
);

it.each(['PORT', 'SANDBOX_PORT', 'OXD_PORT'] as const)(
  'names the variable to change when the port of %s is taken',
  async (variable) => {
    const ports = await freePorts();
    const other = createServer().listen(Number(ports[variable]));
    await once(other, 'listening');
    const starter = run(ports, ['--socket']);
    const [code] = await once(starter.child, 'exit');
    other.close();
    expect(code).toBe(1);
    expect(starter.output()).toContain(`Port ${ports[variable]}`);
    expect(starter.output()).toContain(`${variable}=`);
  },
);

async function freePorts() {
  const [PORT, SANDBOX_PORT, OXD_PORT] = [await freePort(), await freePort(), await freePort()];
  return { PORT: String(PORT), SANDBOX_PORT: String(SANDBOX_PORT), OXD_PORT: String(OXD_PORT) };
}

function run(ports: Readonly<Record<string, string>>, args: readonly string[]) {
  const child = spawn(process.execPath, [START, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...ports },
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  return { child, output: () => output };
}

async function start(ports: Readonly<Record<string, string>>, args: readonly string[]) {
  const { child, output } = run(ports, args);
  const printed = /Open (http:\/\/localhost:\d+) in a browser/;
  const ended = once(child, 'exit').then(() => {
    throw new Error(`It ended at its start:\n${output()}`);
  });
  ended.catch(() => undefined);
  while (!printed.test(output())) await Promise.race([ended, once(child.stdout, 'data')]);
  return {
    address: printed.exec(output())?.[1] ?? '',
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      return (await exited)[0] as number | null;
    },
  };
}

async function beginLogin(address: string) {
  const browser = new Browser();
  const { location = '' } = await browser.request(`${address}/login?returnTo=/profile`);
  return { browser, login: location };
}
