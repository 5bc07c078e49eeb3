import type { JsonWebKey } from 'node:crypto';
import { importJWK, jwtVerify } from 'jose';
import { isJsonObject } from '../../base/json.js';
import type { SandboxKeys } from './keys.js';
import type { OidcProvider } from './oidc-provider.js';

const PATH = '/token/introspection';

/**
 * Introspects the JWT access tokens of the sandbox, which `oidc-provider` rejects there; each client may
 * introspect each of them. They are active until they expire.
 *
 * @see RFC 7662 §2.2
 */
export function useJwtIntrospection(
  provider: OidcProvider,
  issuer: string,
  { jwks }: SandboxKeys,
): void {
  const verify = verifierOf(issuer, jwks.keys);
  provider.use(async (context, next) => {
    await next();
    const { path, body } = context;
    // The provider authenticates the client before it rejects the token.
    if (path !== PATH || !isJsonObject(body) || body.error !== 'unsupported_token_type') return;
    const claims = await verify(context.oidc.params?.token ?? '');
    context.status = 200;
    context.body = claims ? { ...claims, active: true, token_type: 'Bearer' } : { active: false };
  });
}

/** Returns a function that returns the claims of an access token; undefined for another token. */
function verifierOf(issuer: string, keys: readonly JsonWebKey[]) {
  const { kty, n, e } = keys.find((key) => key.kty === 'RSA') ?? {};
  const imported = importJWK({ kty, n, e }, 'RS256');
  return async (token: string): Promise<object | undefined> => {
    // The clock of `oidc-provider`, which a test may replace.
    const currentDate = new Date(Date.now());
    const options = { issuer, typ: 'at+jwt', algorithms: ['RS256'], currentDate };
    const verified = await jwtVerify(token, await imported, options).catch(() => undefined);
    return verified?.payload;
  };
}
