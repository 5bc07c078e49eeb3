import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/app.js';
import { CliProcess } from '../support/cli-process.js';
import { compileLib, type CompiledLib } from '../support/compiled-lib.js';
import { root } from '../support/source.js';

describe('nestjs-oxd sandbox', () => {
  let command: CompiledLib;
  let cwd: string;
  const started: CliProcess[] = [];

  beforeAll(async () => {
    command = await compileLib('cli/nestjs-oxd.ts');
  });

  afterAll(() => command.remove());

  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'oxd-cli-'));
  });

  afterEach(async () => {
    for (const child of started.splice(0)) await child.stop('SIGKILL');
    await rm(cwd, { recursive: true });
  });

  function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): CliProcess {
    const child = new CliProcess(command.path, ['sandbox', ...args], { cwd, env });
    started.push(child);
    return child;
  }

  /** Error output of a start that fails. */
  async function failure(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const child = start(args, env);
    expect(await child.exit).toBe(1);
    expect(child.stdout).toBe('');
    return child.stderr;
  }

  it('prints users, password and variables, and nothing on the error output', async () => {
    const port = await freePort();
    const child = start(['--port', String(port)]);
    expect(await child.variables()).toEqual({
      OXD_OP_HOST: `http://localhost:${port}`,
      OXD_AUTHORIZATION_REDIRECT_URI: 'http://localhost:3000/callback',
      OXD_SCOPE: 'openid,profile,email,uma_protection',
      OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true',
    });
    expect(child.stdout).toContain('users: zoe, eleni, amara (password: sandbox)');
    expect(child.stdout).toContain('OxdModule.forRootAsync(oxdConfig.asProvider())');
    expect(child.stderr).toBe('');
  });

  it('prints the variables that docs/sandbox.md shows', async () => {
    const child = start(['--port=0']);
    const { OXD_OP_HOST = '' } = await child.variables();
    const [printed = ''] = /(?:^OXD_.*\n)+/m.exec(child.stdout) ?? [];
    const shown = printed.replace(OXD_OP_HOST, 'http://localhost:9400');
    expect(await documentedBlocks()).toContain(shown);
  });

  it('prints the redirect URI of --redirect-uri', async () => {
    const redirectUri = 'http://localhost:4200/auth/callback?from=sandbox';
    const child = start(['--port=0', '--redirect-uri', redirectUri]);
    const { OXD_AUTHORIZATION_REDIRECT_URI } = await child.variables();
    expect(OXD_AUTHORIZATION_REDIRECT_URI).toBe(redirectUri);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends with exit code 0 at %s, releases port and file, and keeps its registrations',
    async (signal) => {
      const port = String(await freePort());
      const first = start(['--port', port]);
      const { OXD_OP_HOST = '' } = await first.variables();
      const client = await register(OXD_OP_HOST);
      expect(await first.stop(signal)).toBe(0);
      await expect(fetch(OXD_OP_HOST)).rejects.toThrow('fetch failed');
      expect(await readdir(join(cwd, '.oxd'))).toEqual(['.gitignore', 'sandbox-clients.json']);

      const second = start(['--port', port]);
      await second.variables();
      expect(await readRegistration(client)).toMatchObject({ client_id: client.client_id });
    },
  );

  it('ends with exit code 0 when the signal is repeated, as npx does', async () => {
    const repeat = "process.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));\n";
    await writeFile(join(cwd, 'repeat.mjs'), `${repeat}export const policies = {};\n`);
    const child = start(['--port=0', '--policy=repeat.mjs']);
    await child.variables();
    expect(await child.stop('SIGINT')).toBe(0);
  });

  it('stores its clients in the file of --clients-file', async () => {
    const child = start(['--port=0', '--clients-file', 'clients.json']);
    const { OXD_OP_HOST = '' } = await child.variables();
    const { client_id } = await register(OXD_OP_HOST);
    expect(await readFile(join(cwd, 'clients.json'), 'utf8')).toContain(client_id);
  });

  it('supports the scopes of --scopes', async () => {
    const child = start(['--port=0', '--scopes=albums:read,albums:write']);
    const { OXD_OP_HOST = '' } = await child.variables();
    const discovery = await fetch(`${OXD_OP_HOST}/.well-known/openid-configuration`);
    const { scopes_supported } = (await discovery.json()) as { scopes_supported: string[] };
    expect(scopes_supported.slice(-2)).toEqual(['albums:read', 'albums:write']);
  });

  it('names --scopes when a scope is malformed', async () => {
    expect(await failure(['--port=0', '--scopes=a b'])).toMatch(/^--scopes: must be names/);
  });

  it('does not start in production', async () => {
    const message = await failure([], { NODE_ENV: 'production' });
    expect(message).toMatch(/^NODE_ENV: the sandbox .* must not run in production/);
  });

  it('names --port when the port is in use', async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    const message = await failure(['--port', String(port)]);
    other.close();
    expect(message).toContain(`--port: ${port} is in use`);
  });

  it('names --clients-file when another sandbox uses the file', async () => {
    await start(['--port=0']).variables();
    expect(await failure(['--port=0'])).toMatch(/^--clients-file: .* is in use by process \d+/);
  });

  it('names the package to install when oidc-provider is missing', async () => {
    const alone = await compileLib('cli/nestjs-oxd.ts', ['jose']);
    const child = new CliProcess(alone.path, ['sandbox', '--port=0'], { cwd });
    expect(await child.exit).toBe(1);
    expect(child.stderr).toBe(
      'sandbox: needs the package oidc-provider; install it: npm install --save-dev oidc-provider\n',
    );
    await alone.remove();
  });

  describe('with --policy', () => {
    const policies = "export const policies = { '[GET] /albums': () => 'grant' };\n";

    it('decides by the policies of the file', async () => {
      const file = join(root, 'sample/02-protect-an-api/policies.mjs');
      const child = start(['--port=0', '--policy', file]);
      await child.variables();
      expect(child.stdout).toContain('access: decided by "policies" for [GET] /api/albums/');
      expect(child.stdout).toContain('/uma/requests (amara)');
    });

    it('accepts the file that docs/sandbox.md shows', async () => {
      const blocks = await documentedBlocks();
      const policyFile = blocks.find((block) => block.startsWith('// policies.mjs\n'));
      await writeFile(join(cwd, 'policies.mjs'), policyFile ?? '');
      const child = start(['--port=0', '--policy', 'policies.mjs']);
      await child.variables();
      expect(child.stdout).toContain('decided by "policies" for [GET] /albums, [DELETE] /albums;');
    });

    it('ends at a signal although the file holds a timer', async () => {
      await writeFile(join(cwd, 'rules.mjs'), `${policies}setInterval(() => {}, 1000);\n`);
      const child = start(['--port=0', '--policy=rules.mjs']);
      await child.variables();
      expect(await child.stop('SIGTERM')).toBe(0);
    });

    it('prefers --owner to the owner of the file', async () => {
      await writeFile(join(cwd, 'rules.mjs'), `${policies}export const owner = 'amara';\n`);
      const child = start(['--port=0', '--policy=rules.mjs', '--owner=eleni']);
      await child.variables();
      expect(child.stdout).toContain('/uma/requests (eleni)');
    });

    it.each([
      { name: 'a missing file', source: undefined, problem: 'does not exist; correct the path' },
      { name: 'a syntax error', source: 'export const = 1', problem: 'cannot be imported (Syntax' },
      {
        name: 'a missing import',
        source: "import 'missing-package';",
        problem: "cannot be imported (Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'missing",
      },
      {
        name: 'other exports',
        source: 'export default {};',
        problem: `must export "policies": export const policies = {`,
      },
      {
        name: 'policies that are no functions',
        source: "export const policies = { albums: 'grant' };",
        problem: '--policy, export "policies": must be a function, or an object of functions',
      },
      {
        name: 'an unknown owner',
        source: `${policies}export const owner = 'bob';`,
        problem: '--owner, or export "owner" of --policy: must be the username of a user: zoe, el',
      },
    ])('names the change to make for $name', async ({ source, problem }) => {
      if (source !== undefined) await writeFile(join(cwd, 'rules.mjs'), source);
      const message = await failure(['--port=0', '--policy', 'rules.mjs']);
      expect(message).toMatch(/^--(policy|owner)\b/);
      expect(message).toContain(problem);
      expect(message.trim().split('\n')).toHaveLength(1);
    });
  });
});

async function documentedBlocks(): Promise<string[]> {
  const page = await readFile(join(root, 'docs/sandbox.md'), 'utf8');
  return [...page.matchAll(/^```\w+\n([^]*?)^```$/gm)].map(([, code = '']) => code);
}

interface Registration {
  readonly client_id: string;
  readonly registration_client_uri: string;
  readonly registration_access_token: string;
}

async function register(issuer: string): Promise<Registration> {
  const response = await fetch(`${issuer}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: ['http://localhost:3000/callback'] }),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as Registration;
}

async function readRegistration(client: Registration): Promise<unknown> {
  const response = await fetch(client.registration_client_uri, {
    headers: { authorization: `Bearer ${client.registration_access_token}` },
  });
  return response.json();
}
