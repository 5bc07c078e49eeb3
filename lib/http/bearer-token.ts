import { MAX_RPT_LENGTH } from '../base/uma-tokens.js';

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

const BEARER = /^bearer(?: +|$)/i;
const TOKEN = /^[\w.~+/-]+=*$/;

/**
 * The token of `Authorization: Bearer`, the only place where one is looked for.
 *
 * @returns undefined for no such header, or one of another scheme; a token that is too long as it is
 * @throws {CredentialError} for an empty or malformed token, or more than one header
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

/** True for a token that is too long to be checked: it counts as no token. */
export function isTooLong(token: string): boolean {
  return token.length > MAX_RPT_LENGTH;
}

/** @throws {CredentialError} for a malformed token; one that is too long is not looked at */
export function checkedToken(token: string): string {
  if (!isTooLong(token) && !TOKEN.test(token))
    throw new CredentialError('an empty or malformed token');
  return token;
}

function countOf(raw: readonly string[], name: string): number {
  return raw.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}
