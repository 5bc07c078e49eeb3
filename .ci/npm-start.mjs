// Runs `npm start` and `npm run start:socket` as a newcomer does: each has to build what it needs,
// print two addresses, answer there, and end with Ctrl-C, leaving its ports free.
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** How long one script may take from its start to its end, in milliseconds. */
const LIMIT = 60_000;

const root = join(import.meta.dirname, '..');

for (const folder of ['.', 'sample/01-login', 'sample/02-protect-an-api']) {
  await rm(join(root, folder, 'dist'), { recursive: true, force: true });
}
for (const script of ['start', 'start:socket']) {
  const began = Date.now();
  await prove(script, began + LIMIT);
  console.log(`npm run ${script}: ok, ${Math.round((Date.now() - began) / 1000)} s`);
}

async function prove(script, deadline) {
  const ports = {};
  for (const name of ['PORT', 'API_PORT', 'SANDBOX_PORT', 'OXD_PORT'])
    ports[name] = await freePort();
  const npm = run(script, ports);
  const until = async (what, condition, alive = true) => {
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`${LIMIT / 1000} s are over: ${what}`);
      if (alive && npm.hasEnded()) throw new Error(`It ended: ${what}`);
      await setTimeout(100);
    }
  };
  try {
    await until('it has not printed its addresses', () => npm.addresses().length === 2);
    const [login, api] = npm.addresses();
    await expectAnswer(login, 200, async (answer) =>
      (await answer.text()).includes('href="/login'),
    );
    await expectAnswer(`${api}/api/albums`, 401, ({ headers }) =>
      /^UMA .*ticket="/.test(headers.get('www-authenticate')),
    );
    const oxd = npm.output().includes(`oxd-server 3.1.4: 127.0.0.1:${ports.OXD_PORT}`);
    if (oxd !== script.includes('socket')) throw new Error('It is not the transport of its name.');
    npm.signal('SIGINT');
    await until('it does not end', npm.hasEnded, false);
    for (const port of Object.values(ports)) await listen(port);
  } catch (error) {
    if (!npm.hasEnded()) npm.signal('SIGKILL');
    throw new Error(`npm run ${script}: ${error.message}\n\n${npm.output()}`);
  }
}

/** In a process group of its own: a signal reaches all of it, like Ctrl-C in a terminal. */
function run(script, ports) {
  const env = { ...process.env, ...ports };
  const child = spawn('npm', ['run', script], { cwd: root, env, detached: true });
  let output = '';
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  // When the last of its processes has closed its output, not when npm is gone.
  child.on('close', () => (ended = true));
  return {
    output: () => output,
    hasEnded: () => ended,
    addresses: () => output.split('Open in a browser:\n')[1]?.match(/http:\S+(?=\n)/g) ?? [],
    signal: (name) => process.kill(-child.pid, name),
  };
}

async function expectAnswer(url, status, isGood) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
  if (answer.status !== status || !(await isGood(answer))) {
    throw new Error(`${url} answered ${answer.status}, and not as it should.`);
  }
}

async function freePort() {
  return listen(0);
}

/** @returns the port that was listened on; throws where somebody else does */
async function listen(port) {
  const server = createServer().listen(port);
  await once(server, 'listening');
  const used = server.address().port;
  server.close();
  await once(server, 'close');
  return used;
}
