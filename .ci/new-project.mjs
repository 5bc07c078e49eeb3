// Steps that the checks of new projects share.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const root = join(import.meta.dirname, '..');
const exec = promisify(execFile);
const UMA_TICKET = 'urn:ietf:params:oauth:grant-type:uma-ticket';
/** Limit for the start of a server, in milliseconds. */
const LIMIT = 60_000;

/** Calls a function with a temporary folder and the packed package in it. */
export async function withPackage(use) {
  const folder = await mkdtemp(join(tmpdir(), 'oxd-new-project-'));
  try {
    const packed = await run(root, 'npm', 'pack', '--json', '--pack-destination', folder);
    const [{ filename }] = JSON.parse(packed.slice(packed.indexOf('[\n')));
    await use(folder, join(folder, filename));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const ZOE = {
  user: 'Zoë',
  password: 'sandbox',
  buttons: ['Log in', 'Allow', 'Log out'],
  texts: ['Hello Zoë Nováková', 'Hello World!'],
};

/** Logs in at the sandbox with Chromium, and logs out. */
export async function logIn(origin, { user, password, buttons, texts } = ZOE) {
  const [logInButton, allowButton, logOutButton] = buttons;
  const [greeting, startPage] = texts;
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true });
  try {
    const page = await browser.newPage();
    await page.goto(`${origin}/login`);
    const click = (name) => page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('radio', { name: user }).check();
    await page.getByLabel('Password').fill(password);
    await click(logInButton);
    await click(allowButton);
    await page.waitForURL(`${origin}/callback**`);
    expectText(await page.textContent('body'), greeting);
    await page.goto(`${origin}/logout`);
    await click(logOutButton);
    await page.waitForURL(`${origin}/`);
    expectText(await page.textContent('body'), startPage);
  } finally {
    await browser.close();
  }
}

/** Another client gets a ticket, exchanges it for an RPT, and calls the route again. */
export async function callAlbums(albums, issuer) {
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

/** @throws when a text differs */
export function expectText(actual, expected) {
  if (actual !== expected) throw new Error(`Expected "${expected}" instead of "${actual}".`);
}

/** Waits until a URL responds with status 200. @throws when the process of its server ends */
export async function responds(url, { hasEnded }) {
  await waitFor(
    () => fetch(url).catch(() => ({ status: 0 })),
    ({ status }) => {
      if (hasEnded()) throw new Error(`The process of ${url} ended.`);
      return status === 200;
    },
  );
}

export async function waitFor(attempt, isDone) {
  for (const deadline = Date.now() + LIMIT; Date.now() < deadline; await setTimeout(200)) {
    const result = await attempt();
    if (isDone(result)) return result;
  }
  throw new Error(`Not within ${LIMIT / 1000} s: ${isDone}`);
}

/** Starts a server as in a terminal of its own; `stop` presses Ctrl-C. */
export function start(cwd, [command, ...args], env = process.env) {
  const child = spawn(command, args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const ended = once(child, 'close');
  const hasEnded = () => child.exitCode !== null;
  return {
    output: () => output,
    hasEnded,
    stop: async () => {
      if (!hasEnded()) process.kill(-child.pid, 'SIGINT');
      await ended;
    },
  };
}

/** Runs a command without a terminal. @returns its output; throws with it when the command fails */
export async function run(cwd, command, ...args) {
  // Answers the question of npx whether to install a package.
  const env = { ...process.env, npm_config_yes: 'true' };
  const child = exec(command, args, { cwd, env, maxBuffer: 2 ** 26 });
  child.child.stdin.end();
  const { stdout } = await child.catch((error) => {
    throw new Error(`${command} ${args.join(' ')}: ${error.stdout}${error.stderr}`);
  });
  return stdout;
}

export async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
