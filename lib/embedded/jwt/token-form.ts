import { decodeProtectedHeader } from 'jose';

/** Form of an access token or RPT. */
export type TokenForm = 'jwt' | 'encrypted' | 'opaque';

/** Begin of most JWTs: the base64url of `{"`. */
const USUAL_BEGIN = 'eyJ';

/**
 * Form of an access token or RPT; one of other parts than those of a JWT, or without a readable header, is
 * opaque. A JWT is never introspected instead of verified: the introspection endpoint may not check its
 * signature.
 *
 * @see RFC 7515 §7.1, RFC 7516 §9
 */
export function tokenForm(token: string): TokenForm {
  const { length } = token.split('.', 6);
  const isCompact = length === 3 || length === 5;
  if (!isCompact || !(token.startsWith(USUAL_BEGIN) || hasAlgorithm(token))) return 'opaque';
  return length === 3 ? 'jwt' : 'encrypted';
}

function hasAlgorithm(token: string): boolean {
  try {
    return decodeProtectedHeader(token).alg !== undefined;
  } catch {
    return false;
  }
}
