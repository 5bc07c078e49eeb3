import { BearerGuard, BearerProtected, OxdModule, UmaGuard, UmaProtected } from 'nestjs-oxd';
import {
  connectionPerCheckGuard,
  emptyGuard,
  floorGuard,
  joseGuard,
  leastCachedGuard,
  leastSocketGuard,
  leastTicketGuard,
  passportJwtGuard,
} from './peers.mjs';

const CLIENT = { client_id: 'client-1', client_secret: 'secret of the measured application' };

/**
 * Contestants. Each has
 * - `open(servers, store)`: the `guard` of the route, the `imports` of the application, and the
 *   decorator of the route, `declare`
 * - `token`: kind of its tokens, default `opaque`
 * - `sends`: token of the measured requests, default `valid`; `none` is answered with 401
 * - `grantsAll`: no request is denied; default false
 * - `isShort`: takes a TCP port away for each request, so that its memory is not measured
 */
export const contestants = [
  { name: 'empty', grantsAll: true, open: () => ({ guard: emptyGuard() }) },
  { name: 'floor', open: ({ issuer }) => ({ guard: floorGuard(issuer) }) },
  { name: 'introspection', open: embedded({}) },
  { name: 'introspection-jwt', token: 'jwt', open: embedded({}) },
  { name: 'ticket', sends: 'none', open: embedded({}) },
  {
    name: 'least-ticket',
    sends: 'none',
    open: ({ issuer }) => ({ guard: leastTicketGuard(issuer) }),
  },
  { name: 'socket', open: overSocket },
  {
    name: 'least-socket',
    open: async ({ socket }) => ({ guard: await leastSocketGuard(socket) }),
  },
  { name: 'cached', open: embedded({ cache: {} }) },
  { name: 'least-cached', open: ({ issuer }) => ({ guard: leastCachedGuard(issuer) }) },
  { name: 'local', token: 'jwt', open: embedded({ localVerification: true }) },
  { name: 'decision', token: 'jwt', open: embedded({ mode: 'decision' }) },
  { name: 'bearer-jwt', token: 'jwt', open: bearer({}) },
  { name: 'bearer-cached', token: 'jwt', open: bearer({ cache: {} }) },
  { name: 'bearer-opaque', open: bearer({}) },
  {
    name: 'jose',
    token: 'jwt',
    open: async (servers) => ({ guard: await joseGuard(servers, 'key') }),
  },
  {
    name: 'jose-jwks',
    token: 'jwt',
    open: async (servers) => ({ guard: await joseGuard(servers, 'jwks') }),
  },
  {
    name: 'passport-jwt-pem',
    token: 'jwt',
    open: (servers) => ({ guard: passportJwtGuard(servers, 'pem') }),
  },
  {
    name: 'passport-jwt-key',
    token: 'jwt',
    open: (servers) => ({ guard: passportJwtGuard(servers, 'key') }),
  },
  {
    name: 'new-connection',
    isShort: true,
    open: ({ issuer }) => ({ guard: connectionPerCheckGuard(issuer) }),
  },
];

const UMA = { guard: UmaGuard, declare: UmaProtected };
const BEARER = { guard: BearerGuard, declare: BearerProtected };

function embedded(uma) {
  return ({ issuer }, store) =>
    guarded(UMA, { ...embeddedAt(issuer, ['openid', 'uma_protection']), uma, store });
}

function bearer(options) {
  return ({ issuer }, store) =>
    guarded(BEARER, {
      ...embeddedAt(issuer, ['openid']),
      bearer: { audience: CLIENT.client_id, ...options },
      store,
    });
}

function embeddedAt(issuer, scope) {
  return {
    site: { op_host: issuer, ...CLIENT, scope },
    transport: { type: 'embedded', allowInsecureRequests: true },
  };
}

function overSocket({ socket: port }, store) {
  const site = { op_host: 'https://op.example.com', oxd_id: 'site-1' };
  return guarded(UMA, { site, transport: { type: 'socket', port }, store });
}

function guarded(route, { site, ...options }) {
  const authorization_redirect_uri = 'http://127.0.0.1:3000/callback';
  const module = OxdModule.forRoot({
    ...options,
    site: { ...site, authorization_redirect_uri },
    secret: 'a secret of 32 characters or more',
    eager: true,
  });
  return { imports: [module], ...route };
}
