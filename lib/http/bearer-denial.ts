import {
  bearerChallenge,
  challengeParts,
  type BearerChallenge,
  type ChallengeOptions,
  type ChallengeParts,
} from './bearer-challenge.js';
import { NO_STORE, type Denial } from './denial.js';

/** Error code of a denial by `BearerGuard`, property `error` of the response body. */
export type BearerGuardError =
  | 'BEARER_TOKEN_REQUIRED'
  | 'BEARER_INVALID_TOKEN'
  | 'BEARER_INSUFFICIENT_SCOPE'
  | 'BEARER_INSUFFICIENT_ROLE'
  | 'BEARER_STEP_UP_REQUIRED'
  | 'BEARER_FORBIDDEN'
  | 'BEARER_INVALID_REQUEST'
  | 'BEARER_UNAVAILABLE';

/** Denial of a request with an access token, or without one. */
export interface BearerDenial extends Denial {
  readonly granted: false;
  readonly status: 400 | 401 | 403 | 503;
  readonly error: BearerGuardError;
}

/** Required authentication of the user (RFC 9470). */
export type RequiredAuthentication = Pick<BearerChallenge, 'acr_values' | 'max_age'>;

/**
 * Denials of an `OxdModule`, with its realm and metadata URL in each challenge.
 *
 * @see RFC 6750 §3; RFC 9470 §3
 */
export class BearerDenials {
  private readonly parts: ChallengeParts;

  constructor(options: ChallengeOptions) {
    this.parts = challengeParts(options);
  }

  /** The request has no token. `scope` is sent only with option `bearer.resource`. */
  tokenRequired(scope: readonly string[] = []): BearerDenial {
    const message = 'An access token is required.';
    return this.challenge(401, { error: 'BEARER_TOKEN_REQUIRED', message }, { scope });
  }

  /** The token is invalid, for whatever reason. `scope` is sent only with option `bearer.resource`. */
  invalidToken(scope: readonly string[] = []): BearerDenial {
    const message = 'The access token is invalid.';
    const shown = this.parts.resource_metadata === undefined ? undefined : scope;
    const challenge = { error: 'invalid_token', scope: shown } as const;
    return this.challenge(401, { error: 'BEARER_INVALID_TOKEN', message }, challenge);
  }

  /** The token lacks a scope. @param scope all scopes that the request needs */
  insufficientScope(scope: readonly string[]): BearerDenial {
    const message = 'The access token lacks a scope.';
    const challenge = { error: 'insufficient_scope', scope } as const;
    return this.challenge(403, { error: 'BEARER_INSUFFICIENT_SCOPE', message }, challenge);
  }

  /** The token lacks a role. No challenge: no standard error code exists. */
  insufficientRole(): BearerDenial {
    const message = 'The access token lacks a role.';
    return denial(403, { error: 'BEARER_INSUFFICIENT_ROLE', message });
  }

  /** The user must authenticate again. */
  stepUpRequired(required: RequiredAuthentication): BearerDenial {
    const message = 'The user must authenticate again.';
    const challenge = { error: 'insufficient_user_authentication', ...required } as const;
    return this.challenge(401, { error: 'BEARER_STEP_UP_REQUIRED', message }, challenge);
  }

  /** No token could grant access. */
  forbidden(): BearerDenial {
    const message = 'This resource cannot be accessed.';
    return denial(403, { error: 'BEARER_FORBIDDEN', message });
  }

  /** The request carries several tokens, or a malformed one (RFC 6750 §3.1). */
  invalidRequest(): BearerDenial {
    const message = 'Send one access token as Authorization: Bearer.';
    const challenge = { error: 'invalid_request' } as const;
    return this.challenge(400, { error: 'BEARER_INVALID_REQUEST', message }, challenge);
  }

  /**
   * The token cannot be verified at the moment; it may be valid.
   *
   * @param wait delay before a retry, in milliseconds
   */
  unavailable(wait: number): BearerDenial {
    const message = 'Access cannot be checked at the moment.';
    const headers = { 'Retry-After': String(Math.ceil(wait / 1000)) };
    return denial(503, { error: 'BEARER_UNAVAILABLE', message }, headers);
  }

  private challenge(
    status: BearerDenial['status'],
    body: Pick<BearerDenial, 'error' | 'message'>,
    challenge: BearerChallenge,
  ): BearerDenial {
    const header = bearerChallenge(this.parts, challenge);
    return denial(status, body, { 'WWW-Authenticate': header });
  }
}

function denial(
  status: BearerDenial['status'],
  body: Pick<BearerDenial, 'error' | 'message'>,
  headers: Readonly<Record<string, string>> = {},
): BearerDenial {
  return { granted: false, status, headers: Object.assign({}, NO_STORE, headers), ...body };
}
