import { withoutUndefined } from '../base/json.js';

/** Boolean claims that some providers send as strings; `"false"` must not become true. */
const BOOLEAN_CLAIMS = ['email_verified', 'phone_number_verified'];

/**
 * Returns claims in the form that providers send, JSON, without nulls. Boolean claims (OpenID Connect
 * Core §5.1) are converted from strings, and omitted if the string is no boolean.
 */
export function providerClaims(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const read: Record<string, unknown> = { ...claims };
  for (const name of BOOLEAN_CLAIMS) {
    const value = claims[name];
    if (typeof value === 'string') read[name] = toBoolean(value);
  }
  return withoutUndefined(read);
}

/** Returns true for `email_verified` and `phone_number_verified`. */
export function isBooleanClaim(name: string): boolean {
  return BOOLEAN_CLAIMS.includes(name);
}

/** Converts `true` and `false`; returns undefined for any other string. */
export function toBoolean(value: string | undefined): boolean | undefined {
  return value === 'true' ? true : value === 'false' ? false : undefined;
}
