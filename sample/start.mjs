// Starts a sample with all it needs: node ../start.mjs [--socket], in the folder of the sample.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

const { PORT = '3000', SANDBOX_PORT = '9400', OXD_PORT = '8099' } = process.env;
const socket = process.argv.includes('--socket');
const closing = [];

try {
  await checkPort(PORT, 'PORT', 'the application');
  await checkPort(SANDBOX_PORT, 'SANDBOX_PORT', 'the sandbox');
  if (socket) await checkPort(OXD_PORT, 'OXD_PORT', 'oxd-server');
  const sandbox = await startProvider();
  const transport = socket ? await startOxdServer() : embedded();
  process.exitCode = await runSample({ ...environment(sandbox.issuer), ...transport });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  for (const close of closing.reverse()) await close();
}

/** All that the sample is told: it runs with a real provider when these say so. */
function environment(issuer) {
  const app = `http://localhost:${PORT}`;
  return {
    PORT,
    SESSION_SECRET: randomBytes(32).toString('base64url'),
    OXD_SECRET: randomBytes(32).toString('base64url'),
    OXD_OP_HOST: issuer,
    OXD_CLIENT_NAME: 'Sample 01',
    OXD_AUTHORIZATION_REDIRECT_URI: `${app}/callback`,
    OXD_POST_LOGOUT_REDIRECT_URI: `${app}/`,
    OXD_GRANT_TYPES: 'authorization_code refresh_token',
    OXD_SCOPE: 'openid profile email',
  };
}

/** The sandbox speaks plain http, which has to be allowed. */
function embedded() {
  return { OXD_TRANSPORT_TYPE: 'embedded', OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true' };
}

async function startProvider() {
  quietAboutNode20();
  const { startSandbox } = await import('nestjs-oxd/sandbox');
  const sandbox = await startSandbox({ port: Number(SANDBOX_PORT) });
  closing.push(() => sandbox.close());
  return sandbox;
}

async function startOxdServer() {
  const { FileStore } = await import('nestjs-oxd');
  const { OxdServer } = await import('nestjs-oxd/testing');
  const store = await FileStore.open('.oxd/oxd-server.json');
  closing.push(() => store.close());
  const server = await OxdServer.start({
    port: Number(OXD_PORT),
    store,
    allowInsecureRequests: true,
  });
  closing.push(() => server.close());
  process.stdout.write(`oxd-server 3.1.4: 127.0.0.1:${server.port}\n`);
  return {
    OXD_TRANSPORT_TYPE: 'socket',
    OXD_TRANSPORT_HOST: '127.0.0.1',
    OXD_TRANSPORT_PORT: String(server.port),
    OXD_TRANSPORT_VERSION: '3.1.4',
  };
}

/** @returns the exit code; a signal for us is one for the sample */
async function runSample(environment) {
  const sample = spawn(process.execPath, ['dist/main.js'], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => sample.kill(signal));
  const [code] = await once(sample, 'exit');
  return code ?? 0;
}

async function checkPort(port, variable, who) {
  const probe = createServer();
  try {
    probe.listen(Number(port));
    await once(probe, 'listening');
  } catch {
    throw new Error(
      `Port ${port}, which ${who} needs, is in use. Stop what listens there, or choose another: ` +
        `${variable}=${Number(port) + 1} npm start`,
    );
  } finally {
    probe.close();
  }
}

/** Works on Node 20 as well (the tests run there), but says otherwise. */
function quietAboutNode20() {
  const warn = console.warn;
  console.warn = (...args) => {
    if (!String(args[0]).includes('oidc-provider WARNING: Unsupported runtime')) warn(...args);
  };
}
