import { decodeJwt, type JWTPayload } from 'jose';
import { OperationError } from '../requests/operation-error.js';

/** Claims that every ID token of one login has in common (OpenID Connect Core §12.2). */
const COMMON = ['iss', 'sub', 'aud'] as const;

type Claims = Readonly<Record<string, unknown>>;

/**
 * Returns the claims of an ID token that the caller verified at login; it is not verified again.
 *
 * @throws {OperationError} `bad_request` if the value is not a JWT with a `sub`
 */
export function givenIdToken(idToken: string): JWTPayload & { readonly sub: string } {
  let claims: JWTPayload = {};
  try {
    claims = decodeJwt(idToken);
  } catch {
    // Reported below, because the error of jose would quote the token.
  }
  const { sub } = claims;
  if (typeof sub === 'string' && sub !== '') return { ...claims, sub };
  throw new OperationError('bad_request', 'id_token: must be an id_token with a sub.');
}

/**
 * Checks that the ID token of a refresh is of the same login as a given one.
 *
 * @throws {OperationError} `mismatch` if `iss`, `sub` or `aud` differ
 * @see OpenID Connect Core §12.2
 */
export function checkSameLogin(given: Claims, refreshed: Claims): void {
  const name = COMMON.find((claim) => valuesOf(given[claim]) !== valuesOf(refreshed[claim]));
  if (name === undefined) return;
  throw new OperationError(
    'mismatch',
    `The id_token of the response has another ${name} than the given id_token.`,
  );
}

/** Value of a claim for comparison; the order of a list has no meaning. */
function valuesOf(claim: unknown): string {
  return [claim]
    .flat()
    .map((value) => JSON.stringify(value))
    .toSorted()
    .join();
}
