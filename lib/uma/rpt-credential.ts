/** A request as both platforms have it. */
export interface CredentialRequest {
  /** Headers by name in lower case. */
  readonly headers: {
    /** The first one, where there are several. */
    readonly authorization?: string;
  };
  /** Names and values as they arrived, on Express. */
  readonly rawHeaders?: readonly string[];
  /** Node's own request, on Fastify. */
  readonly raw?: {
    /** Names and values as they arrived. */
    readonly rawHeaders?: readonly string[];
  };
}

/** The credentials of a request are not such as may be checked: it is answered with 400. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
}

/** Longest RPT, in characters. */
export const LONGEST_RPT = 8192;

const BEARER = /^bearer(?: +|$)/i;
const TOKEN = /^[\w.~+/-]+=*$/;

/**
 * The token of `Authorization: Bearer`, the only place where one is looked for.
 *
 * @returns undefined where there is no such header, or one of another scheme
 * @throws {CredentialError} for an empty or malformed token, one over 8192 characters, or more
 *   than one header
 * @see RFC 6750 §2.1 and §3.1
 */
export function bearerToken(request: CredentialRequest): string | undefined {
  const raw = request.rawHeaders ?? request.raw?.rawHeaders ?? [];
  // Node keeps the first of several and drops the others without a word.
  if (countOf(raw, 'authorization') > 1) throw new CredentialError('several Authorization headers');
  const { authorization = '' } = request.headers;
  const [scheme] = BEARER.exec(authorization) ?? [];
  return scheme === undefined ? undefined : checkedToken(authorization.slice(scheme.length));
}

/** @throws {CredentialError} for a token that is not one */
export function checkedToken(token: string): string {
  if (token.length > LONGEST_RPT) throw new CredentialError('a token that is too long');
  if (!TOKEN.test(token)) throw new CredentialError('an empty or malformed token');
  return token;
}

function countOf(raw: readonly string[], name: string): number {
  return raw.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}
