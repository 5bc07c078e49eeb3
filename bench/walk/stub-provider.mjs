// An OpenID Provider and UMA authorization server that responds at once and grants everything. It
// checks nothing: it exists for measurements only.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const KEY_ID = 'key-1';

/** Starts on a free port of 127.0.0.1. `expectNonce` sets the nonce of the next ID token. */
export async function startStubProvider() {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'RS256', use: 'sig' };
  const state = { nonce: '', resources: new Map() };
  const server = createServer((request, response) => {
    void respond({ request, response, state, privateKey, jwk, issuer: issuerOf(server) });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    issuer: issuerOf(server),
    expectNonce: (nonce) => (state.nonce = nonce),
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

function issuerOf(server) {
  return `http://127.0.0.1:${server.address().port}`;
}

async function respond(exchange) {
  const { request, response, issuer } = exchange;
  const { pathname } = new URL(request.url, issuer);
  const body = await text(request);
  const [status, json] = await answerFor(pathname, { ...exchange, body });
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}

async function answerFor(pathname, exchange) {
  if (pathname.startsWith('/.well-known/')) return [200, metadata(exchange.issuer)];
  if (pathname === '/jwks') return [200, { keys: [exchange.jwk] }];
  if (pathname === '/token') return [200, await tokens(exchange)];
  if (pathname === '/userinfo') return [200, { sub: 'alice', name: 'Alice' }];
  if (pathname === '/permission') return [201, { ticket: 'ticket-1' }];
  if (pathname === '/introspect') return [200, introspection(exchange)];
  if (pathname.startsWith('/resources')) return resource(pathname, exchange);
  return [404, { error: 'not_found' }];
}

function metadata(issuer) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    userinfo_endpoint: `${issuer}/userinfo`,
    introspection_endpoint: `${issuer}/introspect`,
    permission_endpoint: `${issuer}/permission`,
    resource_registration_endpoint: `${issuer}/resources`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
    scopes_supported: ['openid', 'profile', 'email', 'uma_protection'],
    grant_types_supported: ['authorization_code', 'client_credentials'],
  };
}

async function tokens({ body, state, privateKey, issuer }) {
  const answer = { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 };
  if (new URLSearchParams(body).get('grant_type') !== 'authorization_code') return answer;
  const id_token = await new SignJWT({ nonce: state.nonce })
    .setProtectedHeader({ alg: 'RS256', kid: KEY_ID })
    .setIssuer(issuer)
    .setAudience('client-1')
    .setSubject('alice')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey);
  return { ...answer, id_token };
}

function introspection({ state }) {
  const permissions = [...state.resources].map(([resource_id, { resource_scopes }]) => ({
    resource_id,
    resource_scopes,
  }));
  return { active: true, permissions };
}

function resource(pathname, { request, state, body }) {
  const id = pathname.slice('/resources/'.length);
  if (request.method === 'GET' && id === '') return [200, [...state.resources.keys()]];
  if (request.method === 'GET') return [200, { _id: id, ...state.resources.get(id) }];
  const _id = id || `resource-${state.resources.size + 1}`;
  state.resources.set(_id, JSON.parse(body));
  return [id ? 200 : 201, { _id }];
}
