// Starts the samples and their servers: node sample/start.mjs [--oxd=socket|extension|rest] [01-login] […]
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { owner, policies } from './02-protect-an-api/policies.mjs';

const { PORT = '3000' } = process.env;
const { API_PORT = String(Number(PORT) + 1), MCP_PORT = String(Number(PORT) + 2) } = process.env;
const oxd = oxdOf(process.argv);
const { SANDBOX_PORT = '9400', OXD_PORT = oxd?.port } = process.env;

const SAMPLES = [
  { name: '01-login', variable: 'PORT', port: PORT, environment: login },
  { name: '02-protect-an-api', variable: 'API_PORT', port: API_PORT, environment: protect },
  { name: '03-bearer-and-mcp', variable: 'MCP_PORT', port: MCP_PORT, environment: bearer },
];

const named = SAMPLES.filter(({ name }) => process.argv.includes(name));
const chosen = named.length > 0 ? named : SAMPLES;
const closing = [];

try {
  for (const { name, variable, port } of chosen) await checkPort(port, variable, `sample ${name}`);
  await checkPort(SANDBOX_PORT, 'SANDBOX_PORT', 'the sandbox');
  if (oxd) await checkPort(OXD_PORT, 'OXD_PORT', oxd.name);
  const { issuer } = await startProvider();
  const transport = oxd ? await startOxdServer() : embedded();
  process.exitCode = await runSamples({ issuer, transport });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  for (const close of closing.reverse()) await close();
}

/** Variables of sample 01; with these, it also runs with a real provider. */
function login(app) {
  return {
    SESSION_SECRET: secret(),
    OXD_SECRET: secret(),
    OXD_CLIENT_NAME: 'Sample 01',
    OXD_AUTHORIZATION_REDIRECT_URI: `${app}/callback`,
    OXD_POST_LOGOUT_REDIRECT_URI: `${app}/`,
    OXD_GRANT_TYPES: 'authorization_code refresh_token',
    OXD_SCOPE: 'openid profile email',
  };
}

/** Variables of sample 02; eager, so that it starts with registered resources. */
function protect(app) {
  return {
    SESSION_SECRET: secret(),
    OXD_SECRET: secret(),
    OXD_EAGER: 'true',
    OXD_CLIENT_NAME: 'Sample 02',
    OXD_AUTHORIZATION_REDIRECT_URI: `${app}/callback`,
    OXD_GRANT_TYPES:
      'authorization_code client_credentials urn:ietf:params:oauth:grant-type:uma-ticket',
    OXD_SCOPE: 'openid profile uma_protection',
  };
}

/**
 * Variables of sample 03, which is embedded with each `--oxd`: the introspection of an oxd has neither
 * roles nor `auth_time`.
 */
function bearer(app) {
  return {
    ...embedded(),
    SESSION_SECRET: secret(),
    OXD_SECRET: secret(),
    OXD_CLIENT_NAME: 'Sample 03',
    OXD_AUTHORIZATION_REDIRECT_URI: `${app}/callback`,
    OXD_GRANT_TYPES: 'authorization_code',
    OXD_SCOPE: 'openid profile albums:read albums:write',
    OXD_LOGIN_USERINFO: 'false',
    OXD_BEARER_AUDIENCE: `${app}/mcp`,
    OXD_BEARER_RESOURCE: `${app}/mcp`,
    OXD_BEARER_SCOPES_SUPPORTED: 'albums:read',
  };
}

/** Allows http, which the sandbox uses. */
function embedded() {
  return { OXD_TRANSPORT_TYPE: 'embedded', OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true' };
}

async function startProvider() {
  const { startSandbox } = await import('nestjs-oxd/sandbox');
  const clientsFile = file('sandbox-clients.json');
  const sandbox = await startSandbox({
    ...{ port: Number(SANDBOX_PORT), clientsFile, policies, owner },
    scopes: ['albums:read', 'albums:write'],
  });
  closing.push(() => sandbox.close());
  return sandbox;
}

/** Server of `--oxd`; over HTTPS its commands need a protection token. */
function oxdOf(args) {
  const [, kind] = args.find((arg) => arg.startsWith('--oxd='))?.split('=') ?? [];
  const servers = {
    socket: { name: 'oxd-server 3.1.4', port: '8099', version: '3.1.4' },
    extension: {
      ...{ name: 'oxd-https-extension 3.1.4', port: '8443', version: '3.1.4' },
      ...{ extension: true, protectCommands: true },
    },
    rest: { name: 'oxd-server 4.5', port: '8443', version: '4.5', protectCommands: true },
  };
  if (kind === undefined) return undefined;
  if (Object.hasOwn(servers, kind)) return { kind, ...servers[kind] };
  process.stderr.write(`--oxd=${kind}: must be one of ${Object.keys(servers).join(', ')}\n`);
  process.exit(1);
}

async function startOxdServer() {
  const { FileStore } = await import('nestjs-oxd');
  const { OxdServer } = await import('nestjs-oxd/testing');
  const store = await FileStore.open(file(`oxd-server-${oxd.kind}.json`));
  closing.push(() => store.close());
  const { kind, name, version, extension, protectCommands } = oxd;
  const server = await OxdServer.start({
    ...{ port: Number(OXD_PORT), store, allowInsecureRequests: true },
    ...{ version, extension, protectCommands },
  });
  closing.push(() => server.close());
  const isTcp = kind === 'socket';
  process.stdout.write(`${name}: ${isTcp ? `127.0.0.1:${server.port}` : server.url}\n`);
  return {
    ...(isTcp ? socketTo(server) : httpsTo(server)),
    OXD_TRANSPORT_VERSION: version,
    // Another oxd does not know the sites of this one.
    OXD_STORE_FILE: `.oxd/store-${kind}.json`,
  };
}

function socketTo({ port }) {
  return {
    OXD_TRANSPORT_TYPE: 'socket',
    OXD_TRANSPORT_HOST: '127.0.0.1',
    OXD_TRANSPORT_PORT: String(port),
  };
}

function httpsTo({ url, ca }) {
  return { OXD_TRANSPORT_TYPE: 'https', OXD_TRANSPORT_URL: url, OXD_TRANSPORT_CA: ca };
}

/** Runs the samples until one ends or a signal arrives. @returns the exit code */
async function runSamples(provider) {
  const children = chosen.map((sample) => run(sample, provider));
  const exits = children.map((child) => once(child, 'exit'));
  const stop = (signal) => children.forEach((child) => child.kill(signal));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  const ended = new AbortController();
  void printAddresses(ended.signal);
  await Promise.race(exits);
  ended.abort();
  stop('SIGTERM');
  const codes = (await Promise.all(exits)).map(([code]) => code ?? 0);
  return codes.find((code) => code !== 0) ?? 0;
}

function run({ name, port, environment }, { issuer, transport }) {
  const own = environment(addressOf(port));
  const variables = {
    PORT: port,
    OXD_OP_HOST: issuer,
    ...('OXD_TRANSPORT_TYPE' in own ? {} : transport),
    ...own,
  };
  return spawn(process.execPath, ['dist/main.js'], {
    cwd: join(import.meta.dirname, name),
    stdio: 'inherit',
    // The samples read OXD_ variables: OXD_PORT is only one of this script.
    env: { ...process.env, OXD_PORT: '', ...variables },
  });
}

/** Prints the addresses once all samples respond, below their startup output. */
async function printAddresses(signal) {
  for (const { port } of chosen) {
    while (!signal.aborted && !(await answers(port))) await setTimeout(100);
  }
  if (signal.aborted) return;
  const lines = chosen.map(({ name, port }) => `  ${name.padEnd(20)}${addressOf(port)}`);
  process.stdout.write(['', 'Open in a browser:', ...lines, '', ''].join('\n'));
}

async function answers(port) {
  const answer = await fetch(addressOf(port)).catch(() => undefined);
  await answer?.body?.cancel();
  return answer !== undefined;
}

async function checkPort(port, variable, who) {
  const probe = createServer();
  try {
    probe.listen(Number(port));
    await once(probe, 'listening');
  } catch {
    throw new Error(
      `Port ${port}, which ${who} needs, is in use. Stop the process that listens there, or choose another port: ` +
        `${variable}=${Number(port) + 1} npm start`,
    );
  } finally {
    probe.close();
  }
}

function addressOf(port) {
  return `http://localhost:${port}`;
}

function secret() {
  return randomBytes(32).toString('base64url');
}

/** Path of a file with the state of a server, in the folder of this file. */
function file(name) {
  return relative(process.cwd(), join(import.meta.dirname, '.oxd', name));
}
