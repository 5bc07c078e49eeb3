import { HttpsPeer, json } from '../support/https-peer.js';
import { cookieHeader, startService } from '../support/oidc-service.js';

const OP = 'https://op.example';

/** Payload of a token, whose signature oxd has verified. */
const encoded = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url');

describe('a login through oxd', () => {
  it.each([
    ['accepts the ID token with the nonce of this login', 'nonce-1', 'alice'],
    ['rejects an ID token with the nonce of another login', 'nonce-2', 'mismatch'],
  ])('%s', async (_title, nonce, expected) => {
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: OP, aud: 'client-1', sub: 'alice', nonce, iat, exp: iat + 600 };
    const id_token = `${encoded({ alg: 'RS256' })}.${encoded(claims)}.c2ln`;
    const replies: Readonly<Record<string, object>> = {
      '/get-authorization-url': {
        authorization_url: `${OP}/auth?client_id=client-1&state=state-1&nonce=nonce-1`,
      },
      '/get-tokens-by-code': {
        access_token: 'a',
        expires_in: 600,
        id_token,
        id_token_claims: claims,
      },
      '/get-user-info': { sub: 'alice' },
    };
    const peer = await HttpsPeer.start(({ path }, response) => json(response, replies[path] ?? {}));
    const service = await startService({
      transport: { type: 'https', url: peer.url(), version: '4.5' },
      site: { op_host: OP, oxd_id: 'site-1', client_id: 'client-1', client_secret: 'secret-1' },
    });
    try {
      const { cookies } = await service.oidc.startLogin();
      const outcome = await service.oidc
        .finishLogin({ code: 'code-1', state: 'state-1' }, cookieHeader(cookies))
        .then(
          ({ user }) => user.claims.sub,
          (error: { error?: string }) => error.error ?? error,
        );
      expect(outcome).toBe(expected);
    } finally {
      await service.close();
      await peer.close();
    }
  });
});
