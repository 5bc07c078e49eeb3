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
  const parts = countParts(token);
  const isCompact = parts === 3 || parts === 5;
  if (!isCompact || !(token.startsWith(USUAL_BEGIN) || hasAlgorithm(token))) return 'opaque';
  return parts === 3 ? 'jwt' : 'encrypted';
}

/** Number of parts between dots, at most 6. Runs for each token, so it allocates no array. */
export function countParts(token: string): number {
  let parts = 1;
  for (let at = token.indexOf('.'); at >= 0 && parts < 6; at = token.indexOf('.', at + 1)) {
    parts += 1;
  }
  return parts;
}

function hasAlgorithm(token: string): boolean {
  try {
    return decodeProtectedHeader(token).alg !== undefined;
  } catch {
    return false;
  }
}
