/** Stable codes of the errors that this package raises. Switch on these, never on a message. */
export type OxdErrorCode =
  | 'OXD_CONFIGURATION_INVALID'
  | OxdTransportErrorCode
  | 'OXD_STORE_UNAVAILABLE'
  | OxdCommandErrorCode
  | LoginStateErrorCode
  | 'OIDC_LOGIN_REFUSED';

/**
 * Reasons for which no valid response of oxd-server arrived. With `UNREACHABLE` (no connection, or
 * none with valid TLS), `BUSY` (request queue full; embedded: the queue for permission tickets) and
 * `TOO_LARGE` (request above 9999 UTF-16 code units, or too long for a server over HTTPS) the command
 * was certainly not executed.
 */
export type OxdTransportErrorCode =
  | 'OXD_TRANSPORT_TIMEOUT'
  | 'OXD_TRANSPORT_CLOSED'
  | 'OXD_TRANSPORT_BUSY'
  | 'OXD_TRANSPORT_MALFORMED'
  | 'OXD_TRANSPORT_TOO_LARGE'
  | 'OXD_TRANSPORT_UNREACHABLE';

/**
 * Reasons for which a command has no result. `FAILED`: the server rejected the command.
 * `UNSUPPORTED`: this oxd version lacks the command or a parameter; nothing was sent.
 */
export type OxdCommandErrorCode = 'OXD_COMMAND_FAILED' | 'OXD_COMMAND_UNSUPPORTED' | UmaRefusalCode;

/** Reasons for which the authorization server issued no RPT (UMA 2.0 Grant §3.3.6). */
export type UmaRefusalCode =
  'UMA_NEED_INFO' | 'UMA_REQUEST_SUBMITTED' | 'UMA_REQUEST_DENIED' | 'UMA_INVALID_TICKET';

/** Reasons for which a callback does not belong to a login that this browser started. */
export type LoginStateErrorCode =
  'OIDC_STATE_MISSING' | 'OIDC_STATE_UNKNOWN' | 'OIDC_STATE_EXPIRED' | 'OIDC_STATE_USED';

/** Optional properties of a new {@link OxdError}. */
export interface OxdErrorDetails {
  /** Error that caused the new one. */
  readonly cause?: unknown;
  /** Name of the oxd command that failed. */
  readonly command?: string;
  /** True if the command was possibly executed; default false. */
  readonly mayHaveRun?: boolean;
}

/** Base of every error of this package. */
export abstract class OxdError extends Error {
  /** Stable code, see {@link OxdErrorCode}. */
  abstract readonly code: OxdErrorCode;
  /** Name of the oxd command that failed; undefined for errors without a command. */
  readonly command?: string;
  /** True if the command was possibly executed. Repeat a command only if this is false. */
  readonly mayHaveRun: boolean;
  /**
   * `Set-Cookie` values to send with the response: they remove the cookie of a finished login.
   * Not enumerable.
   */
  declare readonly cookies?: readonly string[];

  constructor(message: string, details: OxdErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.mayHaveRun = details.mayHaveRun ?? false;
    if (details.command !== undefined) this.command = details.command;
  }
}

/** One or more options are invalid; the message lists each as `path: message`. Thrown at startup. */
export class OxdConfigurationError extends OxdError {
  readonly code = 'OXD_CONFIGURATION_INVALID';

  /** @param issues problems as `path: message`, each with the change to make */
  constructor(
    readonly issues: readonly string[],
    details?: OxdErrorDetails,
  ) {
    super(`The options of nestjs-oxd are invalid.\n${issues.join('\n')}`, details);
  }
}

/** oxd-server, or the peer of a custom transport, was not reached or sent no valid response. */
export class OxdTransportError extends OxdError {
  constructor(
    readonly code: OxdTransportErrorCode,
    message: string,
    details?: OxdErrorDetails,
  ) {
    super(message, details);
  }
}

/** A store operation failed or exceeded its time limit. A missing key is no error. */
export class OxdStoreError extends OxdError {
  readonly code = 'OXD_STORE_UNAVAILABLE';
}

/** Error response of a server to a command, unchanged. */
export interface WireError {
  /** Error code of the server. It differs between servers; {@link OxdError.code} does not. */
  readonly error: string;
  /** Description by the server. Not enumerable on the error: it may quote the request. */
  readonly error_description?: string;
  /** Further properties of the response, such as those of `need_info`. Not enumerable on the error. */
  readonly details?: unknown;
}

/** oxd, the OpenID Provider or the authorization server rejected a command. */
export class OxdCommandError extends OxdError {
  /** Error code of the server, for information: it differs between servers, `code` does not. */
  readonly error: string;
  /** Description by the server. Not enumerable. */
  declare readonly error_description?: string;
  /** Further properties of the error response. Not enumerable. */
  declare readonly details?: unknown;
  readonly code: OxdCommandErrorCode;

  constructor(
    message: string,
    wire: WireError,
    details?: OxdErrorDetails & { readonly code?: OxdCommandErrorCode },
  ) {
    super(message, details);
    this.code = details?.code ?? 'OXD_COMMAND_FAILED';
    this.error = printable(wire.error);
    hide(this, 'error_description', wire.error_description);
    hide(this, 'details', wire.details);
  }
}

/** Claim that the authorization server requires of the requesting party (UMA 2.0 Grant §3.3.6). */
export interface RequiredClaim {
  /** Formats in which the claim may be pushed. */
  readonly claim_token_format?: readonly string[];
  /** Type of the claim. */
  readonly claim_type?: string;
  /** Name to show to users. */
  readonly friendly_name?: string;
  /** Accepted issuers of the claim. */
  readonly issuer?: readonly string[];
  /** Name of the claim. */
  readonly name?: string;
}

/** Error response of the authorization server to a request for an RPT. */
export interface UmaRefusal extends WireError {
  /** New permission ticket for the next request; the ticket that was sent is used up. */
  readonly ticket?: string;
}

/**
 * The authorization server requires claims of the requesting party: push claims, or redirect the
 * browser to claims gathering, and request the RPT again with {@link ticket} (UMA 2.0 Grant §3.3.6).
 */
export class NeedInfoError extends OxdCommandError {
  /** New permission ticket for the next request. Not enumerable. */
  declare readonly ticket: string;
  /** Claims that the authorization server requires. Not enumerable. */
  declare readonly required_claims?: readonly RequiredClaim[];
  /** URL of claims gathering to redirect the browser to. Not enumerable. */
  declare readonly redirect_user?: string;

  constructor(
    refusal: UmaRefusal & {
      readonly ticket: string;
      readonly required_claims?: readonly RequiredClaim[];
      readonly redirect_user?: string;
    },
    details?: OxdErrorDetails,
  ) {
    const message = 'The authorization server needs more information about the requesting party.';
    super(message, refusal, { ...details, code: 'UMA_NEED_INFO' });
    hide(this, 'ticket', refusal.ticket);
    hide(this, 'required_claims', refusal.required_claims);
    hide(this, 'redirect_user', refusal.redirect_user);
  }
}

/** The request waits for a decision of the resource owner (UMA 2.0 Grant §3.3.6). */
export class RequestSubmittedError extends OxdCommandError {
  /**
   * New permission ticket for the next request; undefined if the client must start again at the
   * resource server. Not enumerable.
   */
  declare readonly ticket?: string;
  /** Seconds to wait before the next request; undefined if the authorization server set none. */
  readonly interval?: number;

  constructor(refusal: UmaRefusal & { readonly interval?: number }, details?: OxdErrorDetails) {
    const message = 'The resource owner has not decided on the request yet. Retry later.';
    super(message, refusal, { ...details, code: 'UMA_REQUEST_SUBMITTED' });
    hide(this, 'ticket', refusal.ticket);
    if (refusal.interval !== undefined) this.interval = refusal.interval;
  }
}

/** The authorization server denied access to the requesting party (UMA 2.0 Grant §3.3.6). */
export class RequestDeniedError extends OxdCommandError {
  constructor(refusal: WireError, details?: OxdErrorDetails) {
    const message = 'The authorization server denied the request.';
    super(message, refusal, { ...details, code: 'UMA_REQUEST_DENIED' });
  }
}

/** The permission ticket is unknown, used or expired: start again at the resource server. */
export class InvalidTicketError extends OxdCommandError {
  constructor(refusal: WireError, details?: OxdErrorDetails) {
    const message =
      'The permission ticket is no longer valid. Request a new one from the resource server.';
    super(message, refusal, { ...details, code: 'UMA_INVALID_TICKET' });
  }
}

/** The callback does not belong to a login that this browser started at this application. */
export class LoginStateError extends OxdError {
  constructor(
    readonly code: LoginStateErrorCode,
    message: string,
    details?: OxdErrorDetails,
  ) {
    super(message, details);
  }
}

/** The OpenID Provider responded to the login with an error, for instance `access_denied`. */
export class LoginRefusedError extends OxdError {
  readonly code = 'OIDC_LOGIN_REFUSED';
  /** Parameter `error` of the authorization response (RFC 6749 §4.1.2.1). */
  readonly error: string;
  /** Parameter `error_description` of the authorization response. Not enumerable. */
  declare readonly error_description?: string;

  constructor(wire: Omit<WireError, 'details'>, details?: OxdErrorDetails) {
    super(`The OpenID Provider rejected the login: ${printable(wire.error)}.`, details);
    this.error = printable(wire.error);
    hide(this, 'error_description', wire.error_description);
  }
}

/**
 * Returns a copy of the error with `Set-Cookie` values that are not enumerable. A copy, because
 * callers that share one operation receive the same error object.
 *
 * @internal
 */
export function withCookies<E extends Error>(error: E, cookies: readonly string[]): E {
  const copy = Object.create(Object.getPrototypeOf(error) as object, {
    ...Object.getOwnPropertyDescriptors(error),
    stack: { value: error.stack, configurable: true, writable: true },
  }) as E;
  hide(copy, 'cookies', cookies);
  return copy;
}

/** Error codes consist of letters only; such a string cannot be a token. */
const ERROR_CODE = /^[A-Za-z_]{1,64}$/;

/**
 * Returns a string of a server for a log line or a message: one line, at most 200 characters, with
 * everything masked that looks like a token, a code or a secret. An error code is returned unchanged.
 *
 * @internal
 */
export function printable(text: string): string {
  if (ERROR_CODE.test(text)) return text;
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  const masked = line.replace(/[\w.~+/=-]{16,}/g, (run) =>
    /\d/.test(run) || (/[a-z]/.test(run) && /[A-Z]/.test(run)) ? '…' : run,
  );
  return masked.length > 200 ? `${masked.slice(0, 199)}…` : masked;
}

function hide(target: object, name: string, value: unknown): void {
  if (value === undefined) return;
  Object.defineProperty(target, name, { value, enumerable: false, configurable: true });
}
