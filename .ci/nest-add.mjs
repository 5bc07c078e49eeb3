// Runs `nest add nestjs-oxd` from the packed package in new projects of Nest CLI 11 and 12: the generated code
// must build, pass lint and its tests, log a user in with Chromium, and protect its route.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const root = join(import.meta.dirname, '..');
const exec = promisify(execFile);
const ADD = ['npx', 'nest', 'add', 'nestjs-oxd', '--skip-install', '--defaults'];
const INSTALL = ['npm', 'install', '--no-audit', '--no-fund'];
const POLICY = "export const policies = () => 'grant';\n";
const UMA_TICKET = 'urn:ietf:params:oauth:grant-type:uma-ticket';
/** Limit for the start of a server, in milliseconds. */
const LIMIT = 60_000;

const folder = await mkdtemp(join(tmpdir(), 'oxd-nest-add-'));
try {
  await run(root, 'npm', 'pack', '--pack-destination', folder);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const tarball = join(folder, `nestjs-oxd-${version}.tgz`);
  for (const [cli, ...lint] of [
    ['11', 'npx', 'eslint', '--max-warnings=1', '{src,test}/**/*.ts'],
    ['12', 'npm', 'run', 'lint'],
  ]) {
    const cwd = await makeProject(cli, tarball);
    await proveBoth(cwd, lint);
    console.log(`Nest CLI ${cli}, login and protection: ok, ${Math.round(process.uptime())} s`);
    await provePart(cwd, '--protect=false', 'login');
    await provePart(cwd, '--login=false', 'albums');
    console.log(`Nest CLI ${cli}, each alone: ok, ${Math.round(process.uptime())} s`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function makeProject(cli, tarball) {
  const name = `app${cli}`;
  const create = ['new', name, '-p', 'npm', '--skip-git', '--skip-install'];
  await run(folder, 'npx', '-y', `@nestjs/cli@${cli}`, ...create);
  const cwd = join(folder, name);
  await run(cwd, ...INSTALL, tarball);
  return cwd;
}

async function proveBoth(cwd, lint) {
  const module = join(cwd, 'src/app.module.ts');
  const original = await readFile(module, 'utf8');
  await run(cwd, ...ADD);
  await run(cwd, ...INSTALL);
  const again = await run(cwd, ...ADD);
  if (/CREATE|UPDATE/.test(again)) throw new Error(`The second run changed files:\n${again}`);
  await run(cwd, 'npx', 'nest', 'build');
  await run(cwd, ...lint);
  await run(cwd, 'npx', 'prettier', '--check', 'src');
  await run(cwd, 'npm', 'test');
  await proveRunning(cwd);
  await writeFile(module, original);
}

/** Generates a part in the project, whose module has its original text again. */
async function provePart(cwd, flag, name) {
  const module = join(cwd, 'src/app.module.ts');
  const original = await readFile(module, 'utf8');
  await rm(join(cwd, 'src/oxd'), { recursive: true });
  await run(cwd, ...ADD, flag);
  await run(cwd, 'npx', 'nest', 'build');
  await run(cwd, 'npm', 'test', '--', `${name}.controller`);
  await writeFile(module, original);
}

async function proveRunning(cwd) {
  const [port, sandboxPort] = [await freePort(), await freePort()];
  const origin = `http://localhost:${port}`;
  const issuer = `http://localhost:${sandboxPort}`;
  const example = await readFile(join(cwd, '.env.example'), 'utf8');
  const variables = example
    .replaceAll('http://localhost:3000', origin)
    .replaceAll('http://localhost:9400', issuer);
  await writeFile(join(cwd, '.env'), variables);
  await writeFile(join(cwd, 'policies.mjs'), POLICY);
  const sandbox = start(cwd, [
    'node_modules/.bin/nestjs-oxd',
    'sandbox',
    `--port=${sandboxPort}`,
    '--policy=policies.mjs',
  ]);
  const app = start(cwd, ['dist/main.js'], { PORT: `${port}` });
  try {
    await responds(`${issuer}/.well-known/openid-configuration`, sandbox);
    await responds(origin, app);
    await logIn(origin);
    await callAlbums(`${origin}/albums`, issuer);
  } catch (error) {
    throw new Error(`${error.message}\n${sandbox.output()}${app.output()}`, { cause: error });
  } finally {
    await app.stop();
    await sandbox.stop();
  }
}

async function logIn(origin) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true });
  try {
    const page = await browser.newPage();
    await page.goto(`${origin}/login`);
    await page.fill('input[name=password]', 'sandbox');
    await page.keyboard.press('Enter');
    await page.click('button.main');
    await page.waitForURL(`${origin}/callback**`);
    expectText(await page.textContent('body'), 'Hello Zoë Nováková');
    await page.goto(`${origin}/logout`);
    await page.click('button.main');
    await page.waitForURL(`${origin}/`);
  } finally {
    await browser.close();
  }
}

/** A client of its own gets a ticket, exchanges it for an RPT, and calls the route again. */
async function callAlbums(albums, issuer) {
  const denied = await waitFor(
    () => fetch(albums),
    ({ status }) => status === 401,
  );
  const [, ticket] = /ticket="([^"]+)"/.exec(denied.headers.get('www-authenticate'));
  const redirect_uris = ['http://localhost:1/callback'];
  const registered = await post(
    `${issuer}/reg`,
    'application/json',
    JSON.stringify({
      ...{
        redirect_uris,
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
      grant_types: ['authorization_code', UMA_TICKET],
    }),
  );
  const { client_id, client_secret } = await registered.json();
  const grant = new URLSearchParams({ grant_type: UMA_TICKET, ticket, client_id, client_secret });
  const issued = await post(`${issuer}/token`, 'application/x-www-form-urlencoded', grant);
  const { access_token } = await issued.json();
  const granted = await fetch(albums, { headers: { authorization: `Bearer ${access_token}` } });
  expectText(`${granted.status} ${await granted.text()}`, '200 ["Kind of Blue"]');
}

function post(url, type, body) {
  return fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
}

function expectText(actual, expected) {
  if (actual !== expected) throw new Error(`Expected "${expected}" instead of "${actual}".`);
}

async function responds(url, { hasEnded }) {
  await waitFor(
    () => fetch(url).catch(() => ({ status: 0 })),
    ({ status }) => {
      if (hasEnded()) throw new Error(`The process of ${url} ended.`);
      return status === 200;
    },
  );
}

async function waitFor(attempt, isDone) {
  for (const deadline = Date.now() + LIMIT; Date.now() < deadline; await setTimeout(200)) {
    const result = await attempt();
    if (isDone(result)) return result;
  }
  throw new Error(`Not within ${LIMIT / 1000} s: ${isDone}`);
}

function start(cwd, args, env = {}) {
  const child = spawn(process.execPath, args, { cwd, env: { PATH: process.env.PATH, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const ended = once(child, 'close');
  return {
    output: () => output,
    hasEnded: () => child.exitCode !== null,
    stop: () => (child.kill(), ended),
  };
}

/** Runs a command without a terminal. @returns its output; throws with it when the command fails */
async function run(cwd, command, ...args) {
  const child = exec(command, args, { cwd, maxBuffer: 2 ** 26 });
  child.child.stdin.end();
  const { stdout } = await child.catch((error) => {
    throw new Error(`${command} ${args.join(' ')}: ${error.stdout}${error.stderr}`);
  });
  return stdout;
}

async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
