import { stringsOf, textOf, withoutUndefined } from '../../base/json.js';
import { scopesOf } from '../../commands/access-token-rules.js';
import type { IntrospectAccessTokenResult } from '../../commands/oidc.js';
import type { Rejection } from './token-verification.js';
import type { VerifiedClaims } from './verified-claims.js';

/** Result of `introspect_access_token` for a verification. */
export function verificationResult(
  verification: VerifiedClaims | Rejection,
): IntrospectAccessTokenResult {
  if ('reason' in verification) return { active: false, reason: verification.reason };
  const { claims } = verification;
  const { client_id, username, token_type, sub, aud, iss, jti, exp, iat } = claims;
  const scope = [...scopesOf(claims)].join(' ');
  return withoutUndefined({
    ...{ active: true, claims },
    ...{ client_id: textOf(client_id), username: textOf(username), token_type: textOf(token_type) },
    ...{ sub: textOf(sub), aud: textOf(aud) ?? stringsOf(aud), iss: textOf(iss), jti: textOf(jti) },
    ...{ exp: timeOf(exp), iat: timeOf(iat), scope: textOf(scope) },
  });
}

function timeOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
