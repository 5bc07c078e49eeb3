import type { LoggedDenial } from '../../http/denial-log.js';
import { NO_STORE, type Denial } from '../../http/denial.js';
import { AS_UNREACHABLE } from '../challenge/challenge.js';
import type { VerifiedAccessToken } from '../../access-token/access-token-verifier.js';
import type { BearerDenial } from '../../http/bearer-denial.js';
import type { RptContext } from './rpt-context.js';

/** Error code of a denial by `UmaGuard`, property `error` of the response body. */
export type UmaGuardError =
  | 'UMA_PERMISSION_REQUIRED'
  | 'UMA_SERVER_UNREACHABLE'
  | 'UMA_FORBIDDEN'
  | 'UMA_INVALID_CREDENTIALS'
  | 'UMA_UNAVAILABLE';

/** Denial as an HTTP response. */
export interface UmaDenial extends Denial {
  readonly granted: false;
  readonly status: 400 | 401 | 403 | 503;
  readonly error: UmaGuardError;
}

/** Denial with its reason for the log. */
export interface DeniedCheck extends LoggedDenial {
  readonly denial: UmaDenial | BearerDenial;
}

/** Decision on a request; in mode `decision` a denial may be a Bearer response. */
export type UmaDecision =
  | {
      readonly granted: true;
      readonly rptContext: RptContext;
      /** Access token that decided, in mode `decision`. */
      readonly verified?: VerifiedAccessToken;
    }
  | UmaDenial
  | BearerDenial;

/** The request lacks a permission: the client may exchange the ticket (UMA 2.0 Grant §3.2.1). */
export function permissionRequired(challenge: string): UmaDenial {
  return {
    granted: false,
    status: 401,
    error: 'UMA_PERMISSION_REQUIRED',
    message: 'An RPT with a permission for this resource is required.',
    headers: { 'WWW-Authenticate': challenge, ...NO_STORE },
  };
}

/** No ticket is available (UMA Federated Authorization §4.2). */
export function serverUnreachable(): UmaDenial {
  return {
    granted: false,
    status: 403,
    error: 'UMA_SERVER_UNREACHABLE',
    message: 'The authorization server issued no ticket.',
    headers: { Warning: AS_UNREACHABLE, ...NO_STORE },
  };
}

/** No credential could grant access. */
export function forbidden(): UmaDenial {
  return {
    granted: false,
    status: 403,
    error: 'UMA_FORBIDDEN',
    message: 'This resource cannot be accessed.',
    headers: NO_STORE,
  };
}

/** The request carries several tokens, or a malformed one (RFC 6750 §3.1). */
export function invalidCredentials(): UmaDenial {
  return {
    granted: false,
    status: 400,
    error: 'UMA_INVALID_CREDENTIALS',
    message: 'Send one RPT as Authorization: Bearer.',
    headers: NO_STORE,
  };
}

/**
 * Access cannot be checked at the moment.
 *
 * @param wait delay before a retry, in milliseconds
 */
export function unavailable(wait: number): UmaDenial {
  return {
    granted: false,
    status: 503,
    error: 'UMA_UNAVAILABLE',
    message: 'Access cannot be checked at the moment.',
    headers: { 'Retry-After': String(Math.ceil(wait / 1000)), ...NO_STORE },
  };
}
