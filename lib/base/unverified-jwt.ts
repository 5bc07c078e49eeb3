import { objectOf, parseJson, type JsonObject } from './json.js';

/** Header and claims of a JWT whose signature was not verified. */
export interface UnverifiedJwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

/**
 * Reads a JWT without a verification: any client may have written it. Its content may only deny access
 * or shorten it.
 *
 * @returns undefined if the token is no JWT
 */
export function unverifiedJwt(token: string): UnverifiedJwt | undefined {
  const [header, claims, , rest] = token.split('.', 4).map(decoded);
  return header && claims && rest === undefined ? { header, claims } : undefined;
}

function decoded(part: string): JsonObject | undefined {
  return objectOf(parseJson(Buffer.from(part, 'base64url').toString()));
}
