import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { preparedDistribution } from './distribution.mjs';
import { ADMINISTRATOR, KeycloakServer } from './server.mjs';

const DATABASE = 'keycloakdb.mv.db';

/**
 * Runs `work` with the Keycloak of `KEYCLOAK_URL`, or with an own one that is removed afterwards.
 *
 * @param abort signal that ends the preparation and the start
 * @param work `({ environment, server }) => result`; `environment` has `KEYCLOAK_URL`,
 *   `KEYCLOAK_ADMIN` and `KEYCLOAK_ADMIN_PASSWORD`, `server` is the own Keycloak
 */
export async function withKeycloak(abort, work) {
  const { KEYCLOAK_URL, KEYCLOAK_ADMIN, KEYCLOAK_ADMIN_PASSWORD } = process.env;
  if (!KEYCLOAK_URL) return withOwnServer(abort, work);
  if (!KEYCLOAK_ADMIN || !KEYCLOAK_ADMIN_PASSWORD) {
    throw new Error('KEYCLOAK_URL needs KEYCLOAK_ADMIN and KEYCLOAK_ADMIN_PASSWORD beside it.');
  }
  return work({ environment: { KEYCLOAK_URL, KEYCLOAK_ADMIN, KEYCLOAK_ADMIN_PASSWORD } });
}

async function withOwnServer(abort, work) {
  const distribution = await preparedDistribution(abort);
  const folder = await mkdtemp(join(tmpdir(), 'oxd-keycloak-'));
  const database = join(folder, 'database');
  const server = new KeycloakServer(distribution, database, abort);
  try {
    await cp(join(distribution, 'database', DATABASE), join(database, DATABASE));
    await server.start();
    const { name, password } = ADMINISTRATOR;
    const administrator = { KEYCLOAK_ADMIN: name, KEYCLOAK_ADMIN_PASSWORD: password };
    return await work({ environment: { KEYCLOAK_URL: server.url, ...administrator }, server });
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
