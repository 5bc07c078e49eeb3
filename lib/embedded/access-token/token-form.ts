import { decodeProtectedHeader } from 'jose';

/** Form of an access token; a token whose header cannot be read is opaque. */
export type TokenForm = 'jwt' | 'encrypted' | 'opaque';

/**
 * Form of an access token. A JWT is never introspected instead of verified: its issuer might not
 * check its signature.
 *
 * @see RFC 7515 §9
 */
export function tokenForm(token: string): TokenForm {
  const { length } = token.split('.', 6);
  if (length !== 3 && length !== 5) return 'opaque';
  try {
    const { alg } = decodeProtectedHeader(token);
    if (alg === undefined) return 'opaque';
    return length === 3 ? 'jwt' : 'encrypted';
  } catch {
    return 'opaque';
  }
}
