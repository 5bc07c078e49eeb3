import type { Permission } from './realm.js';
import { Realm } from './realm.js';

const ORDERS = ['view', 'cancel', 'archive:view', 'archive'];
const PERMISSIONS: readonly Permission[] = [
  { scopes: ['view'], policies: ['viewers'] },
  { scopes: ['archive:view'], policies: ['viewers'] },
  { scopes: ['cancel'], policies: ['editors'] },
];

/**
 * A realm with what an application with nest-keycloak-connect needs: a client role `clerk` of alice, a
 * resource `orders` with permissions, and tokens of `shop-web` for the audience `albums-api`. Those of `shop-spa`
 * have no audience.
 */
export async function createMigratedRealm(): Promise<Realm> {
  const realm = await Realm.create();
  await addAudience(realm);
  await addClerk(realm);
  const server = await realm.client('albums-api');
  const scopes = ORDERS.map((name) => ({ name }));
  await realm.call('POST', `${server}/authz/resource-server/resource`, { name: 'orders', scopes });
  const orders = await realm.resource('orders');
  for (const permission of PERMISSIONS) await realm.permit(orders, permission);
  return realm;
}

async function addAudience(realm: Realm): Promise<void> {
  await realm.call('POST', `${await realm.client('shop-web')}/protocol-mappers/models`, {
    name: 'audience',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: { 'included.client.audience': 'albums-api', 'access.token.claim': 'true' },
  });
}

async function addClerk(realm: Realm): Promise<void> {
  const client = await realm.client('albums-api');
  await realm.call('POST', `${client}/roles`, { name: 'clerk' });
  const role = await realm.call('GET', `${client}/roles/clerk`);
  const mappings = `${await realm.user('alice')}/role-mappings${client}`;
  await realm.call('POST', mappings, [role]);
}
