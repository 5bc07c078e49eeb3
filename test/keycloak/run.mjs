import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControl } from './control.mjs';
import { preparedDistribution } from './distribution.mjs';
import { ADMINISTRATOR, KeycloakServer } from './server.mjs';

// Runs the suite: `npm run test:keycloak`, or some of its files: `npm run test:keycloak -- login`.
// With KEYCLOAK_URL, KEYCLOAK_ADMIN and KEYCLOAK_ADMIN_PASSWORD it uses a running Keycloak.
// `--prepare` fetches Keycloak and starts it once, and runs nothing.

const JEST = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
const DATABASE = 'keycloakdb.mv.db';
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
  const { KEYCLOAK_URL, KEYCLOAK_ADMIN, KEYCLOAK_ADMIN_PASSWORD } = process.env;
  if (!KEYCLOAK_URL) return withOwnServer();
  if (KEYCLOAK_ADMIN && KEYCLOAK_ADMIN_PASSWORD) return runJest({});
  throw new Error('KEYCLOAK_URL needs KEYCLOAK_ADMIN and KEYCLOAK_ADMIN_PASSWORD beside it.');
}

async function withOwnServer() {
  const distribution = await preparedDistribution(interruption.signal);
  if (process.argv[2] === '--prepare') return 0;
  const folder = await mkdtemp(join(tmpdir(), 'oxd-keycloak-'));
  const database = join(folder, 'database');
  const server = new KeycloakServer(distribution, database, interruption.signal);
  let control;
  try {
    await cp(join(distribution, 'database', DATABASE), join(database, DATABASE));
    await server.start();
    control = await startControl(server);
    return await runJest({
      KEYCLOAK_URL: server.url,
      KEYCLOAK_ADMIN: ADMINISTRATOR.name,
      KEYCLOAK_ADMIN_PASSWORD: ADMINISTRATOR.password,
      KEYCLOAK_CONTROL: control.url,
    });
  } finally {
    control?.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
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
