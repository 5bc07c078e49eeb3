// Runs `npm start`, also with each server of `--oxd`, in a fresh checkout: it must build its dependencies,
// print three addresses, respond there, and end on Ctrl-C with its ports released.
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Limit for one script from start to end, in milliseconds. */
const LIMIT = 60_000;

const root = join(import.meta.dirname, '..');

const samples = ['sample/01-login', 'sample/02-protect-an-api', 'sample/03-bearer-and-mcp'];
for (const folder of ['.', ...samples]) {
  await rm(join(root, folder, 'dist'), { recursive: true, force: true });
}
for (const [args, server] of [
  [[]],
  [['--oxd=socket'], 'oxd-server 3.1.4: 127.0.0.1'],
  [['--oxd=extension'], 'oxd-https-extension 3.1.4: https://localhost'],
  [['--oxd=rest'], 'oxd-server 4.5: https://localhost'],
]) {
  const began = Date.now();
  const command = ['npm start', ...args].join(' -- ');
  await prove({ command, args, server }, began + LIMIT);
  console.log(`${command}: ok, ${Math.round((Date.now() - began) / 1000)} s`);
}

async function prove({ command, args, server }, deadline) {
  const ports = {};
  for (const name of ['PORT', 'API_PORT', 'MCP_PORT', 'SANDBOX_PORT', 'OXD_PORT'])
    ports[name] = await freePort();
  const npm = run(args, ports);
  const until = async (what, condition, alive = true) => {
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`Not within ${LIMIT / 1000} s: ${what}`);
      if (alive && npm.hasEnded()) throw new Error(`The process ended: ${what}`);
      await setTimeout(100);
    }
  };
  try {
    await until('print the addresses', () => npm.addresses().length === 3);
    const [login, api, mcp] = npm.addresses();
    await expectResponse(login, 200, async (answer) =>
      (await answer.text()).includes('href="/login'),
    );
    await expectResponse(`${api}/api/albums`, 401, ({ headers }) =>
      /^UMA .*ticket="/.test(headers.get('www-authenticate')),
    );
    await expectResponse(`${mcp}/mcp`, 401, ({ headers }) =>
      headers.get('www-authenticate').includes(`${mcp}/.well-known/oauth-protected-resource/mcp`),
    );
    const line = server ? `${server}:${ports.OXD_PORT}` : `:${ports.OXD_PORT}`;
    if (npm.output().includes(line) !== (server !== undefined))
      throw new Error('The script uses the wrong transport.');
    npm.signal('SIGINT');
    await until('end after SIGINT', npm.hasEnded, false);
    for (const port of Object.values(ports)) await listen(port);
  } catch (error) {
    if (!npm.hasEnded()) npm.signal('SIGKILL');
    throw new Error(`${command}: ${error.message}\n\n${npm.output()}`);
  }
}

/** Runs the script in its own process group, so that a signal reaches all of it, like Ctrl-C. */
function run(args, ports) {
  const env = { ...process.env, ...ports };
  const child = spawn('npm', ['start', '--', ...args], { cwd: root, env, detached: true });
  let output = '';
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  // `close` fires when the last process of the group has closed its output, later than the exit of npm.
  child.on('close', () => (ended = true));
  return {
    output: () => output,
    hasEnded: () => ended,
    addresses: () => output.split('Open in a browser:\n')[1]?.match(/http:\S+(?=\n)/g) ?? [],
    signal: (name) => process.kill(-child.pid, name),
  };
}

async function expectResponse(url, status, isExpected) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
  if (answer.status !== status || !(await isExpected(answer))) {
    throw new Error(`${url} sent an unexpected response with status ${answer.status}.`);
  }
}

async function freePort() {
  return listen(0);
}

/** @returns the port; throws when the port is in use */
async function listen(port) {
  const server = createServer().listen(port);
  await once(server, 'listening');
  const used = server.address().port;
  server.close();
  await once(server, 'close');
  return used;
}
