import { challengeHeader, isChallengeValue } from '../../http/challenge-header.js';

/** `Warning` header of a response without a ticket (UMA Federated Authorization §4.2). */
export const AS_UNREACHABLE = '199 - "UMA Authorization Server Unreachable"';

/** Parameters of a UMA challenge. */
export interface Challenge {
  /** Name of the resource server, for people. */
  readonly realm: string;
  /** Issuer of the authorization server. */
  readonly as_uri: string;
  /** Permission ticket. */
  readonly ticket: string;
  /** Scopes of the resource that the request needs, with blanks between. */
  readonly scope?: string;
  /** URL of the metadata of the API (RFC 9728 §5.1). */
  readonly resource_metadata?: string;
}

/**
 * Builds the value of a `WWW-Authenticate` header.
 *
 * @returns undefined if a required parameter is empty or has characters that are invalid in a header;
 *   optional ones are then omitted
 * @see UMA 2.0 Grant §3.2.1; RFC 7235 §2.1
 */
export function umaChallenge(challenge: Challenge): string | undefined {
  const { realm, as_uri, ticket, scope, resource_metadata } = challenge;
  if (![realm, as_uri, ticket].every(isChallengeValue)) return undefined;
  return challengeHeader('UMA', { realm, as_uri, ticket, scope, resource_metadata });
}
