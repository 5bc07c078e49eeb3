// Guards to compare with, each with the least that its kind needs.
import { createPublicKey, hash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { UnauthorizedException } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { createRemoteJWKSet, importSPKI, jwtVerify } from 'jose';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { Pool } from 'undici';
import { openLeastClient } from '../support/least-oxd-client.mjs';

const SCOPE = 'view';
const HEADERS = {
  authorization: `Basic ${Buffer.from('client-1:secret-1').toString('base64')}`,
  'content-type': 'application/x-www-form-urlencoded',
};
const CONNECTIONS = 64;
/** Lifetime of a cached decision, in milliseconds. */
const LIFETIME = 30_000;
const RESULT = Symbol('result');

/** Grants everything. */
export function emptyGuard() {
  return class EmptyGuard {
    canActivate() {
      return true;
    }
  };
}

/** One introspection with `undici` on kept connections, one `JSON.parse`, one scope check. */
export function floorGuard(issuer) {
  return guardOf(introspecting(issuer));
}

/** The least of a cached decision: one SHA-256 of the token, one look-up, the result on the request. */
export function leastCachedGuard(issuer) {
  const isGranted = introspecting(issuer);
  const ends = new Map();
  return guardOf(async (token, request) => {
    const key = hash('sha256', token, 'hex');
    const end = ends.get(key) ?? 0;
    if (Date.now() >= end) {
      if (!(await isGranted(token))) return false;
      ends.set(key, Date.now() + LIFETIME);
    }
    attach(request, end);
    return true;
  });
}

/** The least of a check by oxd-server: one command on kept sockets, the result on the request. */
export async function leastSocketGuard(port) {
  const client = await openLeastClient(port);
  const check = { oxd_id: 'site-1', path: '/albums', http_method: 'GET' };
  return guardOf(async (rpt, request) => {
    const { data } = await client.execute('uma_rs_check_access', { rpt, ...check });
    if (data.access !== 'granted') return false;
    attach(request, data);
    return true;
  });
}

/** The least of a denial without a token: one request for a ticket, one `JSON.parse`, one challenge. */
export function leastTicketGuard(issuer) {
  const isGranted = introspecting(issuer);
  const pool = new Pool(issuer, { connections: CONNECTIONS });
  const ticketRequest = {
    path: '/permission',
    method: 'POST',
    headers: { ...HEADERS, 'content-type': 'application/json' },
    body: JSON.stringify([{ resource_id: 'resource-1', resource_scopes: [SCOPE] }]),
  };
  return class LeastTicketGuard {
    async canActivate(context) {
      const http = context.switchToHttp();
      const token = tokenOf(http.getRequest());
      if (token !== undefined && (await isGranted(token))) return true;
      const response = await pool.request(ticketRequest);
      const { ticket } = JSON.parse(await response.body.text());
      const challenge = `UMA as_uri="${issuer}", ticket="${ticket}"`;
      http.getResponse().header('WWW-Authenticate', challenge);
      throw new UnauthorizedException();
    }
  };
}

function introspecting(issuer) {
  const pool = new Pool(issuer, { connections: CONNECTIONS });
  return async (token) => {
    const body = `token=${encodeURIComponent(token)}`;
    const response = await pool.request({
      path: '/introspect',
      method: 'POST',
      headers: HEADERS,
      body,
    });
    const { active, permissions } = JSON.parse(await response.body.text());
    return active && permissions.some(({ resource_scopes }) => resource_scopes.includes(SCOPE));
  };
}

/** The same with a connection per introspection. */
export function connectionPerCheckGuard(issuer) {
  return guardOf(async (token) => {
    const { active, permissions } = JSON.parse(await introspectOnce(issuer, token));
    return active && permissions.some(({ resource_scopes }) => resource_scopes.includes(SCOPE));
  });
}

function introspectOnce(issuer, token) {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: HEADERS, agent: false };
    httpRequest(`${issuer}/introspect`, options, (response) => resolve(text(response)))
      .on('error', reject)
      .end(`token=${encodeURIComponent(token)}`);
  });
}

/**
 * One verification with `jose`, one scope check.
 *
 * @param form `key`: the key is imported once; `jwks`: the keys of the issuer, as an application needs them
 *   whose issuer may change its keys
 */
export async function joseGuard({ issuer, publicKey }, form) {
  const key =
    form === 'key'
      ? await importSPKI(publicKey, 'RS256')
      : createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const options = { issuer, audience: 'client-1', algorithms: ['RS256'] };
  return guardOf(async (token) => {
    const verified = await jwtVerify(token, key, options).catch(() => undefined);
    return hasScope(verified?.payload);
  });
}

/**
 * `passport-jwt` with its own verification.
 *
 * @param form `pem`: the key is a PEM string, as in its documentation; `key`: a KeyObject, which is
 *   parsed once
 */
export function passportJwtGuard({ issuer, publicKey }, form) {
  const options = {
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    secretOrKey: form === 'pem' ? publicKey : createPublicKey(publicKey),
    issuer,
    audience: 'client-1',
    algorithms: ['RS256'],
  };
  class AlbumsStrategy extends PassportStrategy(Strategy) {
    validate(payload) {
      return hasScope(payload) && payload;
    }
  }
  // The strategy registers itself at passport.
  new AlbumsStrategy(options);
  return AuthGuard('jwt');
}

function hasScope(claims) {
  return claims?.authorization.permissions.some(({ scopes }) => scopes.includes(SCOPE)) ?? false;
}

function guardOf(isGranted) {
  return class PeerGuard {
    async canActivate(context) {
      const request = context.switchToHttp().getRequest();
      const token = tokenOf(request);
      if (token === undefined || !(await isGranted(token, request)))
        throw new UnauthorizedException();
      return true;
    }
  };
}

function attach(request, value) {
  Object.defineProperty(request, RESULT, { value, configurable: true });
}

function tokenOf({ headers: { authorization = '' } }) {
  return /^Bearer (.+)$/.exec(authorization)?.[1];
}
