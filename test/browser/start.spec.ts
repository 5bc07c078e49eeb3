import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { startSandbox } from '../../lib/sandbox/sandbox.js';
import { Browser, passSandbox, textOf } from '../support/browser.js';
import { describeLeaks, registerSecret } from '../support/secrets.js';
import { freePort } from './sample-app.js';

let folder: string;
/** Output of every process of a test. */
const outputs: (() => string)[] = [];

/** A copy of the samples, for they keep state beside themselves. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oxd-start-'));
  await cp(resolve('sample'), join(folder, 'sample'), {
    recursive: true,
    filter: (path) => basename(path) !== '.oxd',
  });
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
});

afterEach(async () => {
  const printed = outputs.splice(0).map((output) => ['by sample/start.mjs', output()] as const);
  (await storedSecrets()).forEach(registerSecret);
  await rm(folder, { recursive: true });
  const leaks = describeLeaks(printed);
  if (leaks !== undefined) throw new Error(leaks);
});

it.each([
  ['npm start', [], 15, 2],
  ['npm start -- --oxd=socket', ['--oxd=socket'], 6, 2],
  ['npm start -- --oxd=extension', ['--oxd=extension'], 6, 4],
  ['npm start -- --oxd=rest', ['--oxd=rest'], 6, 2],
])(
  '%s prints the addresses of the samples; the next start registers no new client',
  async (_name, args, resources, clients) => {
    const ports = await freePorts();
    const registered: Awaited<ReturnType<typeof registrations>>[] = [];
    for (let times = 0; times < 2; times++) {
      const started = await start(ports, args);
      const [login = '', api = '', mcp = ''] = started.addresses;
      const profile = await passSandbox(...(await beginLogin(login)));
      expect(textOf(profile.html)).toContain('zoe@example.com');
      await expectChallenge(`${api}/api/albums`);
      await expectGrant(`${api}/try/list`);
      await expectMetadata(`${mcp}/try/mcp`, `${mcp}/mcp`);
      expect(await started.stop()).toBe(0);
      registered.push(await registrations());
    }
    expect((await storedSecrets()).length).toBeGreaterThan(10);
    expect(registered[0]?.clients).toHaveLength(clients);
    expect(registered[0]?.resources).toHaveLength(resources);
    expect(registered[1]).toEqual(registered[0]);
  },
);

it('a copy of sample 01 outside of this repository runs with npm run start:prod', async () => {
  const sandbox = await startSandbox({ port: 0, clientsFile: false, quiet: true });
  const port = await freePort();
  const child = spawn('npm', ['run', 'start:prod'], {
    cwd: join(folder, 'sample/01-login'),
    detached: true,
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      OXD_OP_HOST: sandbox.issuer,
      OXD_AUTHORIZATION_REDIRECT_URI: `http://localhost:${port}/callback`,
      OXD_SECRET: 'first secret of the tests with 32 characters',
      SESSION_SECRET: 'other secret of the tests with 32 characters',
      OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true',
    },
  });
  const output = collect(child);
  await printed(child, output, /in a browser\./);
  expect(await (await fetch(`http://localhost:${port}`)).text()).toContain('href="/login"');
  const exited = once(child, 'exit');
  // The process group, because npm does not pass the signal on.
  process.kill(-(child.pid ?? 0), 'SIGTERM');
  await exited;
  await sandbox.close();
});

it('one sample can be started alone', async () => {
  const ports = await freePorts();
  const started = await start(ports, ['02-protect-an-api']);
  expect(started.addresses).toEqual([`http://localhost:${ports.API_PORT}`]);
  expect(await started.stop()).toBe(0);
});

it.each(['PORT', 'API_PORT', 'MCP_PORT', 'SANDBOX_PORT', 'OXD_PORT'] as const)(
  'names the variable to change when the port of %s is taken',
  async (variable) => {
    const ports = await freePorts();
    const other = createServer().listen(Number(ports[variable]));
    await once(other, 'listening');
    const starter = run(ports, ['--oxd=socket']);
    const [code] = await once(starter.child, 'exit');
    other.close();
    expect(code).toBe(1);
    expect(starter.output()).toContain(`Port ${ports[variable]}`);
    expect(starter.output()).toContain(`${variable}=`);
  },
);

it('names the servers that --oxd accepts', async () => {
  const starter = run(await freePorts(), ['--oxd=telnet']);
  const [code] = await once(starter.child, 'exit');
  expect(code).toBe(1);
  expect(starter.output()).toContain('--oxd=telnet: must be one of socket, extension, rest');
});

async function freePorts() {
  const names = ['PORT', 'API_PORT', 'MCP_PORT', 'SANDBOX_PORT', 'OXD_PORT'] as const;
  const ports = names.map(async (name) => [name, String(await freePort())] as const);
  return Object.fromEntries(await Promise.all(ports)) as Record<(typeof names)[number], string>;
}

function run(ports: Readonly<Record<string, string>>, args: readonly string[]) {
  const child = spawn(process.execPath, ['sample/start.mjs', ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...ports },
  });
  return { child, output: collect(child) };
}

/** Collects the output of a process. */
function collect({ stdout, stderr }: ChildProcess): () => string {
  let output = '';
  for (const stream of [stdout, stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  outputs.push(() => output);
  return () => output;
}

async function start(ports: Readonly<Record<string, string>>, args: readonly string[]) {
  const { child, output } = run(ports, args);
  await printed(child, output, ADDRESSES);
  return {
    addresses: ADDRESSES.exec(output())?.[1]?.match(/http:\S+/g) ?? [],
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      return (await exited)[0] as number | null;
    },
  };
}

const ADDRESSES = /Open in a browser:\n((?: {2}\S+ +http:\/\/localhost:\d+\n)+)\n/;

/** Waits for an output; rejects when the process ends before. */
async function printed(child: ChildProcess, output: () => string, text: RegExp): Promise<void> {
  const ended = once(child, 'exit').then(() => {
    throw new Error(`It ended at its start:\n${output()}`);
  });
  ended.catch(() => undefined);
  while (!text.test(output())) {
    await Promise.race([ended, once(child.stdout ?? child, 'data')]);
  }
}

async function beginLogin(address: string): Promise<[Browser, string]> {
  const browser = new Browser();
  const { location = '' } = await browser.request(`${address}/login?returnTo=/profile`);
  return [browser, location];
}

async function expectChallenge(url: string): Promise<void> {
  const answer = await fetch(url);
  expect(answer.status).toBe(401);
  const [, ticket = ''] =
    /ticket="([^"]+)"/.exec(answer.headers.get('www-authenticate') ?? '') ?? [];
  expect(ticket).not.toBe('');
  registerSecret(ticket);
}

/** Runs a case of the page. */
async function expectGrant(url: string): Promise<void> {
  const page = await fetch(url, { method: 'POST' });
  expect(await page.text()).toContain('Kind of Blue');
}

/** Runs the step of the page that reads the metadata. */
async function expectMetadata(url: string, resource: string): Promise<void> {
  const page = await fetch(url, { method: 'POST' });
  expect(await page.text()).toContain(`&#34;resource&#34;: &#34;${resource}&#34;`);
}

/** Ids of the clients and of the resources that the sandbox keeps over a restart. */
async function registrations() {
  const text = await readFile(join(folder, 'sample/.oxd/sandbox-clients.json'), 'utf8');
  const { records } = JSON.parse(text) as { records: Readonly<Record<string, unknown>> };
  const resources = records.UmaResources as Readonly<Record<string, readonly { _id: string }[]>>;
  return {
    clients: Object.keys(records).filter((key) => key.startsWith('Client:')),
    resources: Object.values(resources).flatMap((own) => own.map(({ _id }) => _id)),
  };
}

/** Members of the files of the servers and the samples that prove something: `d` … are of keys. */
const SECRETS = new Set(
  `client_secret registration_access_token client_registration_access_token access_token
  refresh_token id_token cookies d p q dp dq qi`.split(/\s+/),
);

/** Secrets that are stored beside the samples and must not be printed. */
async function storedSecrets(): Promise<string[]> {
  const files = await readdir(join(folder, 'sample'), { recursive: true });
  const stored = files
    .filter((file) => /(^|\/)\.oxd\/[^/]+\.json$/.test(file))
    .map(async (file) => {
      return secretsOf(JSON.parse(await readFile(join(folder, 'sample', file), 'utf8')));
    });
  return (await Promise.all(stored)).flat();
}

function secretsOf(value: unknown, isSecret = false): string[] {
  if (typeof value === 'string') return isSecret ? [value] : [];
  return Object.entries(Object(value) as object).flatMap(([name, member]) => [
    // The sandbox keeps registration access tokens as keys.
    ...(name.startsWith('RegistrationAccessToken:') ? [name.slice(name.indexOf(':') + 1)] : []),
    ...secretsOf(member, SECRETS.has(name) || (isSecret && Array.isArray(value))),
  ]);
}
