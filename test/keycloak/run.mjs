import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startControl } from './control.mjs';
import { preparedDistribution } from './distribution.mjs';
import { withKeycloak } from './with-keycloak.mjs';

// Runs the suite: `npm run test:keycloak`, or some of its files: `npm run test:keycloak -- login`.
// With KEYCLOAK_URL, KEYCLOAK_ADMIN and KEYCLOAK_ADMIN_PASSWORD it uses a running Keycloak.
// `--prepare` fetches Keycloak and starts it once, and runs nothing.

const JEST = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
const CONFIGURATION = ['--config', 'test/keycloak/jest.config.js'];

const interruption = new AbortController();
let jest;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => {
    interruption.abort(new Error(`Interrupted by ${name}.`));
    jest?.kill(name);
  });
}

process.exitCode = await main().catch((error) => {
  const { reason = error } = interruption.signal;
  console.error(reason instanceof Error ? reason.message : reason);
  return 1;
});

async function main() {
  if (process.argv[2] === '--prepare') {
    await preparedDistribution(interruption.signal);
    return 0;
  }
  return withKeycloak(interruption.signal, async ({ environment, server }) => {
    if (!server) return runJest(environment);
    const control = await startControl(server);
    try {
      return await runJest({ ...environment, KEYCLOAK_CONTROL: control.url });
    } finally {
      control.close();
    }
  });
}

async function runJest(environment) {
  interruption.signal.throwIfAborted();
  jest = spawn(process.execPath, [...JEST, ...CONFIGURATION, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  const [code] = await once(jest, 'close');
  interruption.signal.throwIfAborted();
  return code ?? 1;
}
