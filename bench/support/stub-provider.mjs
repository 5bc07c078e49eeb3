// An OpenID Provider and UMA authorization server that responds at once. It checks nothing but the
// RPT: it exists for measurements only.
import { createServer } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { isRequest, listen, parseRequest, responseOf, serving } from './raw-server.mjs';

const KEY_ID = 'key-1';
const UMA_GRANT = 'urn:ietf:params:oauth:grant-type:uma-ticket';
/** Begin of the form of a decision request. */
const DECISION_FORM = `grant_type=${encodeURIComponent(UMA_GRANT)}&`;

/**
 * Starts on a free port of 127.0.0.1. `expectNonce` sets the nonce of the next ID token, `sign` signs
 * a JWT of this issuer with the key `publicKey` (PEM), `calls` returns the number of requests.
 *
 * @param isActive `(rpt) => boolean`; default: each RPT is active
 * @param permissions of each active RPT; default: all scopes of all registered resources
 * @param claims further claims of the introspection of an active token
 */
export async function startStubProvider({ isActive = () => true, permissions, claims } = {}) {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'RS256', use: 'sig' };
  const state = { nonce: '', resources: new Map(), calls: 0, isActive, permissions, claims };
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    serving(isRequest, (request) => void respond({ request, socket, ...stub }))(socket);
  });
  const issuer = `http://127.0.0.1:${await listen(server)}`;
  const sign = signer({ issuer, privateKey });
  const stub = { state, jwk, issuer, sign };
  return {
    issuer,
    publicKey: await exportSPKI(publicKey),
    sign,
    expectNonce: (nonce) => (state.nonce = nonce),
    calls: () => state.calls,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function respond({ request, socket, ...stub }) {
  stub.state.calls += 1;
  const { method, path, body } = parseRequest(request);
  const response = fixedResponse(path, { ...stub, body });
  socket.write(response ?? responseOf(...(await otherResponse({ method, path, body }, stub))));
  if (request.includes('\r\nConnection: close\r\n')) socket.end();
}

const TICKET = responseOf(JSON.stringify({ ticket: 'ticket-1' }), 201);
const DECISION = responseOf(JSON.stringify({ result: true }));
const INACTIVE = responseOf(JSON.stringify({ active: false }));

/** Response of the endpoints that a guard calls: their bytes are prepared. */
function fixedResponse(path, { state, body }) {
  if (path === '/permission') return TICKET;
  if (path === '/token' && body.startsWith(DECISION_FORM)) return DECISION;
  if (path !== '/introspect') return undefined;
  if (!state.isActive(new URLSearchParams(body).get('token'))) return INACTIVE;
  state.introspection ??= responseOf(JSON.stringify(introspection(state)));
  return state.introspection;
}

async function otherResponse(request, stub) {
  const [status, json] = await resultOf(request, stub);
  return [JSON.stringify(json), status];
}

async function resultOf({ method, path, body }, { state, jwk, issuer, sign }) {
  if (path.startsWith('/.well-known/')) return [200, metadata(issuer)];
  if (path === '/jwks') return [200, { keys: [jwk] }];
  if (path === '/token') return [200, await tokens(body, state, sign)];
  if (path === '/userinfo') return [200, { sub: 'alice', name: 'Alice' }];
  if (path.startsWith('/resources')) return resource({ method, path, body }, state);
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
    grant_types_supported: ['authorization_code', 'client_credentials', UMA_GRANT],
  };
}

function signer({ issuer, privateKey }) {
  return (claims) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })
      .setIssuer(issuer)
      .setAudience('client-1')
      .setSubject('alice')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
}

async function tokens(body, state, sign) {
  const answer = { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 };
  if (new URLSearchParams(body).get('grant_type') !== 'authorization_code') return answer;
  return { ...answer, id_token: await sign({ nonce: state.nonce }) };
}

function introspection({ resources, permissions, claims }) {
  const all = [...resources].map(([resource_id, { resource_scopes }]) => ({
    resource_id,
    resource_scopes,
  }));
  return { active: true, sub: 'alice', ...claims, permissions: permissions ?? all };
}

function resource({ method, path, body }, state) {
  const id = path.slice('/resources/'.length);
  if (method === 'GET' && id === '') return [200, [...state.resources.keys()]];
  if (method === 'GET') return [200, { _id: id, ...state.resources.get(id) }];
  const _id = id || `resource-${state.resources.size + 1}`;
  state.resources.set(_id, JSON.parse(body));
  state.introspection = undefined;
  return [id ? 200 : 201, { _id }];
}
