import { OxdModule, UmaGuard } from 'nestjs-oxd';
import {
  connectionPerCheckGuard,
  emptyGuard,
  floorGuard,
  joseGuard,
  passportJwtGuard,
} from './peers.mjs';

const CLIENT = { client_id: 'client-1', client_secret: 'secret of the measured application' };

/**
 * Contestants. Each has
 * - `open(servers, store)`: the `guard` of the route, the `imports` of the application, and
 *   `isProtected` if the route is declared with `@UmaProtected()`
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
  { name: 'socket', open: overSocket },
  { name: 'cached', open: embedded({ cache: {} }) },
  { name: 'local', token: 'jwt', open: embedded({ localVerification: true }) },
  { name: 'jose', token: 'jwt', open: async (servers) => ({ guard: await joseGuard(servers) }) },
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

function embedded(uma) {
  return ({ issuer }, store) => {
    const site = { op_host: issuer, ...CLIENT, scope: ['openid', 'uma_protection'] };
    return guarded({
      site,
      transport: { type: 'embedded', allowInsecureRequests: true },
      uma,
      store,
    });
  };
}

function overSocket({ socket: port }, store) {
  const site = { op_host: 'https://op.example.com', oxd_id: 'site-1' };
  return guarded({ site, transport: { type: 'socket', port }, store });
}

function guarded({ site, ...options }) {
  const authorization_redirect_uri = 'http://127.0.0.1:3000/callback';
  const module = OxdModule.forRoot({
    ...options,
    site: { ...site, authorization_redirect_uri },
    secret: 'a secret of 32 characters or more',
    eager: true,
  });
  return { imports: [module], guard: UmaGuard, isProtected: true };
}
