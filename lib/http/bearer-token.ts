import { MAX_RPT_LENGTH } from '../base/limits.js';

/** Request of Express or Fastify, with the properties that are read here. */
export interface CredentialRequest {
  /** Headers by name in lower case. */
  readonly headers: {
    /** Value of the first `Authorization` header. */
    readonly authorization?: string;
  };
  /** Names and values of all headers in turn, on Express. */
  readonly rawHeaders?: readonly string[];
  /** Request of Node, on Fastify. */
  readonly raw?: {
    /** Names and values of all headers in turn. */
    readonly rawHeaders?: readonly string[];
  };
}

/** Error for malformed or ambiguous credentials: the request gets the response 400. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
}

const BEARER = /^bearer(?: +|$)/i;
const TOKEN = /^[\w.~+/-]+=*$/;

/**
 * Returns the token of `Authorization: Bearer`; undefined without the header or with another
 * scheme. Tokens in the query or the body are ignored. A token that is too long is returned
 * unchecked.
 *
 * @throws {CredentialError} when the token is empty or malformed, or the header is repeated
 * @see RFC 6750 §2.1 and §3.1
 */
export function bearerToken(request: CredentialRequest): string | undefined {
  const raw = request.rawHeaders ?? request.raw?.rawHeaders ?? [];
  // Node silently drops every `Authorization` header but the first.
  if (countOf(raw, 'authorization') > 1) throw new CredentialError('several Authorization headers');
  const { authorization = '' } = request.headers;
  const [scheme] = BEARER.exec(authorization) ?? [];
  return scheme === undefined ? undefined : checkedToken(authorization.slice(scheme.length));
}

/**
 * Returns the token if its characters are valid; a token over the limit of the length is not read.
 *
 * @throws {CredentialError} when the token is malformed
 */
export function checkedToken(token: string): string {
  if (token.length <= MAX_RPT_LENGTH && !TOKEN.test(token))
    throw new CredentialError('an empty or malformed token');
  return token;
}

/** Loop with a comparison of lengths, because every request is checked. */
function countOf(raw: readonly string[], name: string): number {
  let count = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const text = raw[at] ?? '';
    if (text.length === name.length && text.toLowerCase() === name) count += 1;
  }
  return count;
}
