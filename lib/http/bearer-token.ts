import { MAX_RPT_LENGTH } from '../base/limits.js';
import type { Pending } from '../base/pending.js';

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

const MALFORMED = 'an empty or malformed token';
const BEARER = /^bearer(?: |$)/i;
const TOKEN = /^[\w.~+/-]+=*$/;

/**
 * Returns the token of `Authorization: Bearer`, whose characters {@link readToken} checks; undefined
 * without the header or with another scheme. Tokens in the query or the body are ignored.
 *
 * @throws {CredentialError} when the token is empty, or the header is repeated
 * @see RFC 6750 §2.1 and §3.1
 */
export function bearerToken(request: CredentialRequest): string | undefined {
  const raw = request.rawHeaders ?? request.raw?.rawHeaders ?? [];
  // Node silently drops every `Authorization` header but the first.
  if (countOf(raw, 'authorization') > 1) throw new CredentialError('several Authorization headers');
  const { authorization = '' } = request.headers;
  if (!BEARER.test(authorization)) return undefined;
  // A loop, because `exec()` creates an array for each request.
  let start = 'bearer'.length;
  while (authorization.charAt(start) === ' ') start += 1;
  if (start === authorization.length) throw new CredentialError(MALFORMED);
  return authorization.slice(start);
}

/**
 * Reads and checks the token of a request; an empty one counts as none. Throws or rejects with any other
 * error of the reader.
 *
 * @returns the error of malformed or ambiguous credentials
 */
export function readToken(
  read: () => Pending<string | undefined>,
): Pending<string | undefined | CredentialError> {
  try {
    const token = read();
    if (!token) return undefined;
    if (typeof token === 'string') return checkedToken(token);
    return token
      .then((later) => (later ? checkedToken(later) : undefined))
      .then(undefined, credentialError);
  } catch (error) {
    return credentialError(error);
  }
}

function credentialError(error: unknown): CredentialError {
  if (error instanceof CredentialError) return error;
  throw error;
}

/** Returns the token if its characters are valid; a token over the limit of the length is not read. */
function checkedToken(token: string): string {
  if (token.length <= MAX_RPT_LENGTH && !TOKEN.test(token)) throw new CredentialError(MALFORMED);
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
