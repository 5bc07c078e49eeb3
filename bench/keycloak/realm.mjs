import { randomBytes } from 'node:crypto';

const UMA_GRANT = 'urn:ietf:params:oauth:grant-type:uma-ticket';

/** Resource server: the client that every measured application is. */
export const CLIENT = 'albums-api';

/** The measured route; the resource has the name that `nestjs-oxd` gives it. */
export const ROUTE = {
  path: '/albums',
  resource: '[GET] /albums',
  scope: 'view',
  role: 'viewer',
};

/** Resource that every user may view: its RPT is valid and does not cover the route. */
const OPEN = 'open albums';
const LIFE = 3_600;
const secret = randomBytes(24).toString('base64url');

/**
 * Creates a realm in which alice may view the resource and carol may not.
 *
 * @param environment `KEYCLOAK_URL`, `KEYCLOAK_ADMIN` and `KEYCLOAK_ADMIN_PASSWORD`
 * @returns name and secret of the realm, and `remove()`
 */
export async function createRealm(environment) {
  const { KEYCLOAK_URL: url } = environment;
  const name = `oxd-bench-${randomBytes(6).toString('hex')}`;
  await administer(environment, 'POST', '', { realm: name, ...template() });
  return { name, secret, remove: () => administer(environment, 'DELETE', `/${name}`), url };
}

/**
 * Tokens of one issuer: Keycloak names the issuer after the address that a client used.
 *
 * @param count number of tokens of alice, each of an own session
 * @returns for each kind of token those that the route permits, those that it denies, and the status
 *   of a denial
 */
export async function issueTokens(issuer, count) {
  const alice = await repeated(count, () => accessToken(issuer, 'alice'));
  const carol = await accessToken(issuer, 'carol');
  await expectNoRpt(issuer, carol);
  const rptOf = (token) => rpt(issuer, token, `${ROUTE.resource}#${ROUTE.scope}`);
  return {
    access: { permitted: alice, denied: [carol], status: 403 },
    rpt: {
      permitted: await repeated(count, (index) => rptOf(alice[index])),
      denied: [await rpt(issuer, carol, `${OPEN}#${ROUTE.scope}`), carol],
      status: 401,
    },
  };
}

function template() {
  return {
    enabled: true,
    sslRequired: 'external',
    accessTokenLifespan: LIFE,
    ssoSessionIdleTimeout: LIFE,
    roles: { realm: [{ name: ROUTE.role }] },
    users: [user('alice', [ROUTE.role]), user('carol', [])],
    clients: [webClient(), resourceServer()],
  };
}

function user(username, realmRoles) {
  return {
    username,
    enabled: true,
    email: `${username}@example.com`,
    emailVerified: true,
    firstName: username,
    lastName: 'Archer',
    realmRoles,
    credentials: [{ type: 'password', value: secret }],
  };
}

/** Requests access for the users. Its tokens name the resource server as audience. */
function webClient() {
  return {
    clientId: 'albums-web',
    secret,
    standardFlowEnabled: false,
    directAccessGrantsEnabled: true,
    protocolMappers: [
      {
        name: 'audience',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-audience-mapper',
        config: { 'included.client.audience': CLIENT, 'access.token.claim': 'true' },
      },
    ],
  };
}

function resourceServer() {
  const role = (name) => JSON.stringify([{ id: name, required: true }]);
  return {
    clientId: CLIENT,
    secret,
    standardFlowEnabled: false,
    serviceAccountsEnabled: true,
    authorizationServicesEnabled: true,
    authorizationSettings: {
      policyEnforcementMode: 'ENFORCING',
      scopes: [{ name: ROUTE.scope }],
      resources: [ROUTE.resource, OPEN].map((name) => ({ name, scopes: [{ name: ROUTE.scope }] })),
      policies: [
        { name: 'viewers', type: 'role', config: { roles: role(ROUTE.role) } },
        { name: 'since 2020', type: 'time', config: { nbf: '2020-01-01 00:00:00' } },
        permission(ROUTE.resource, 'viewers'),
        permission(OPEN, 'since 2020'),
      ],
    },
  };
}

function permission(resource, policy) {
  const lists = { resources: [resource], scopes: [ROUTE.scope], applyPolicies: [policy] };
  const entries = Object.entries(lists).map(([key, list]) => [key, JSON.stringify(list)]);
  return { name: `view ${resource}`, type: 'scope', config: Object.fromEntries(entries) };
}

async function administer({ KEYCLOAK_URL, ...environment }, method, path, body) {
  const { access_token } = await requestToken(`${KEYCLOAK_URL}/realms/master`, {
    grant_type: 'password',
    client_id: 'admin-cli',
    username: environment.KEYCLOAK_ADMIN,
    password: environment.KEYCLOAK_ADMIN_PASSWORD,
  });
  const response = await fetch(`${KEYCLOAK_URL}/admin/realms${path}`, {
    method,
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
}

async function accessToken(issuer, username) {
  const client = { client_id: 'albums-web', client_secret: secret };
  const form = { grant_type: 'password', scope: 'openid', username, password: secret, ...client };
  return tokenOf(await requestToken(issuer, form));
}

async function rpt(issuer, token, wanted) {
  return tokenOf(await requestRpt(issuer, token, wanted));
}

async function expectNoRpt(issuer, token) {
  const { error } = await requestRpt(issuer, token, `${ROUTE.resource}#${ROUTE.scope}`);
  if (error !== 'access_denied') throw new Error('Keycloak does not deny carol the resource.');
}

function requestRpt(issuer, token, wanted) {
  const form = { grant_type: UMA_GRANT, audience: CLIENT, permission: wanted };
  return requestToken(issuer, form, token);
}

async function requestToken(issuer, form, bearer) {
  const response = await fetch(`${issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
    body: new URLSearchParams(form),
  });
  return response.json();
}

function tokenOf({ access_token, error, error_description }) {
  if (!access_token) throw new Error(`Keycloak issued no token: ${error} ${error_description}`);
  return access_token;
}

async function repeated(count, issue) {
  const tokens = [];
  for (let index = 0; index < count; index += 1) tokens.push(await issue(index));
  return tokens;
}
