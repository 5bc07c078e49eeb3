import { stringsOf, textOf } from '../../base/json.js';
import { scopesOf } from '../../commands/access-token-rules.js';
import type { IntrospectAccessTokenResult } from '../../commands/oidc.js';
import type { Rejection } from './token-verification.js';
import type { VerifiedClaims } from './verified-claims.js';

type Result = IntrospectAccessTokenResult;

/** Claims that are properties of the result, too, and the function that reads each. */
const READERS: readonly (readonly [keyof Result, (value: unknown) => unknown])[] = [
  ['client_id', textOf],
  ['username', textOf],
  ['token_type', textOf],
  ['sub', textOf],
  ['aud', (value) => textOf(value) ?? stringsOf(value)],
  ['iss', textOf],
  ['jti', textOf],
  ['exp', timeOf],
  ['iat', timeOf],
];

/** Result of `introspect_access_token` for a verification. */
export function verificationResult(verification: VerifiedClaims | Rejection): Result {
  if ('reason' in verification) return { active: false, reason: verification.reason };
  const { claims } = verification;
  const result: Record<string, unknown> = { active: true, claims };
  // A loop, because spreads of many small objects take microseconds in every request.
  for (const [name, read] of READERS) {
    const value = read(claims[name]);
    if (value !== undefined) result[name] = value;
  }
  const scope = [...scopesOf(claims)].join(' ');
  if (scope !== '') result.scope = scope;
  // This cast is safe: each reader returns the type of its property.
  return result as unknown as Result;
}

function timeOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
