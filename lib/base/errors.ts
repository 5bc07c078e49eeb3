/** Stable codes of the errors that this package raises. Switch on these, never on a message. */
export type OxdErrorCode =
  | 'OXD_CONFIGURATION_INVALID'
  | OxdTransportErrorCode
  | 'OXD_STORE_UNAVAILABLE'
  | OxdCommandErrorCode
  | LoginStateErrorCode
  | 'OIDC_LOGIN_REFUSED';

/**
 * Why oxd-server was not reached or did not answer. `UNREACHABLE` (refused, or `connectTimeout`),
 * `BUSY` (waiting queue full; embedded: that for tickets) and `TOO_LARGE` (request above 9999 units)
 * have certainly not run.
 */
export type OxdTransportErrorCode =
  | 'OXD_TRANSPORT_TIMEOUT'
  | 'OXD_TRANSPORT_CLOSED'
  | 'OXD_TRANSPORT_BUSY'
  | 'OXD_TRANSPORT_MALFORMED'
  | 'OXD_TRANSPORT_TOO_LARGE'
  | 'OXD_TRANSPORT_UNREACHABLE';

/** `FAILED`: the command was refused. `UNSUPPORTED`: this oxd version lacks it; nothing was sent. */
export type OxdCommandErrorCode = 'OXD_COMMAND_FAILED' | 'OXD_COMMAND_UNSUPPORTED' | UmaRefusalCode;

/** Why the authorization server issued no RPT. */
export type UmaRefusalCode =
  'UMA_NEED_INFO' | 'UMA_REQUEST_SUBMITTED' | 'UMA_REQUEST_DENIED' | 'UMA_INVALID_TICKET';

/** Why a callback does not belong to a login that this browser began. */
export type LoginStateErrorCode =
  'OIDC_STATE_MISSING' | 'OIDC_STATE_UNKNOWN' | 'OIDC_STATE_EXPIRED' | 'OIDC_STATE_USED';

/** What an {@link OxdError} can be told beside its message. */
export interface OxdErrorDetails {
  /** The error underneath. */
  readonly cause?: unknown;
  /** The oxd command that was being carried out. */
  readonly command?: string;
  /** Whether the command was possibly executed; default false. */
  readonly mayHaveRun?: boolean;
}

/** Base of every error of this package. */
export abstract class OxdError extends Error {
  /** Stable code, see {@link OxdErrorCode}. */
  abstract readonly code: OxdErrorCode;
  /** The oxd command that was being carried out, where there was one. */
  readonly command?: string;
  /** Whether the command was possibly executed. Repeat it only where this is false. */
  readonly mayHaveRun: boolean;
  /**
   * `Set-Cookie` values to send with the answer: they remove the cookie of a login that is over.
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

/** One or more options are wrong; the message lists each as `path: message`. Raised at start-up. */
export class OxdConfigurationError extends OxdError {
  readonly code = 'OXD_CONFIGURATION_INVALID';

  /** @param issues each problem as `path: message`, saying what to change */
  constructor(
    readonly issues: readonly string[],
    details?: OxdErrorDetails,
  ) {
    super(`The options of nestjs-oxd are not valid.\n${issues.join('\n')}`, details);
  }
}

/** oxd-server (or a transport of the application's own) was not reached or did not answer. */
export class OxdTransportError extends OxdError {
  constructor(
    readonly code: OxdTransportErrorCode,
    message: string,
    details?: OxdErrorDetails,
  ) {
    super(message, details);
  }
}

/** The store did not do what it was asked within its time limit. Never means "not there". */
export class OxdStoreError extends OxdError {
  readonly code = 'OXD_STORE_UNAVAILABLE';
}

/** What the other side said when it refused a command, in its own words. */
export interface WireError {
  /** The wire's error word; servers differ here, `code` of the error does not. */
  readonly error: string;
  /** The wire's text. Not enumerable on the error: it may quote what was sent. */
  readonly error_description?: string;
  /** Further members of the reply, such as those of `need_info`. Not enumerable on the error. */
  readonly details?: unknown;
}

/** A command was refused: by oxd, by the OpenID Provider or by the authorization server. */
export class OxdCommandError extends OxdError {
  /** The wire's error word, for information: it differs by server, `code` does not. */
  readonly error: string;
  /** The wire's text. */
  declare readonly error_description?: string;
  /** Further members of the refusal. */
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

/** What the authorization server wants to know (UMA 2.0 Grant §3.3.6). */
export interface RequiredClaim {
  /** Formats in which the claim may be pushed. */
  readonly claim_token_format?: readonly string[];
  /** Kind of the claim. */
  readonly claim_type?: string;
  /** Name for people. */
  readonly friendly_name?: string;
  /** Who may vouch for it. */
  readonly issuer?: readonly string[];
  /** Name of the claim. */
  readonly name?: string;
}

/** What a refusal of the authorization server says beyond its error word. */
export interface UmaRefusal extends WireError {
  /** The ticket to go on with; the one that was sent is spent. */
  readonly ticket?: string;
}

/**
 * The authorization server wants to know more of the requesting party: push claims, or send the
 * browser to claims gathering, and ask again with {@link ticket} (UMA 2.0 Grant §3.3.6).
 */
export class NeedInfoError extends OxdCommandError {
  /** The ticket to go on with. Not enumerable. */
  declare readonly ticket: string;
  /** The claims that are asked for. Not enumerable. */
  declare readonly required_claims?: readonly RequiredClaim[];
  /** Where the browser may go to. Not enumerable. */
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

/** The owner of the resource has been asked and has not answered yet (UMA 2.0 Grant §3.3.6). */
export class RequestSubmittedError extends OxdCommandError {
  /** The ticket to ask again with; left out where asking begins anew. Not enumerable. */
  declare readonly ticket?: string;
  /** How long to wait before asking again, in seconds; left out where none was named. */
  readonly interval?: number;

  constructor(refusal: UmaRefusal & { readonly interval?: number }, details?: OxdErrorDetails) {
    const message = 'The owner of the resource was asked and has not answered yet.';
    super(message, refusal, { ...details, code: 'UMA_REQUEST_SUBMITTED' });
    hide(this, 'ticket', refusal.ticket);
    if (refusal.interval !== undefined) this.interval = refusal.interval;
  }
}

/** The authorization server does not let this requesting party in (UMA 2.0 Grant §3.3.6). */
export class RequestDeniedError extends OxdCommandError {
  constructor(refusal: WireError, details?: OxdErrorDetails) {
    const message = 'The authorization server denied the request.';
    super(message, refusal, { ...details, code: 'UMA_REQUEST_DENIED' });
  }
}

/** The ticket is unknown, used or expired: begin again at the resource server. */
export class InvalidTicketError extends OxdCommandError {
  constructor(refusal: WireError, details?: OxdErrorDetails) {
    const message = 'The ticket is not good any more: ask the resource server for another one.';
    super(message, refusal, { ...details, code: 'UMA_INVALID_TICKET' });
  }
}

/** The callback does not belong to a login that this browser began here. */
export class LoginStateError extends OxdError {
  constructor(
    readonly code: LoginStateErrorCode,
    message: string,
    details?: OxdErrorDetails,
  ) {
    super(message, details);
  }
}

/** The OpenID Provider answered the login with an error, for instance `access_denied`. */
export class LoginRefusedError extends OxdError {
  readonly code = 'OIDC_LOGIN_REFUSED';
  /** The error word of the authorization response (RFC 6749 §4.1.2.1). */
  readonly error: string;
  /** The text of the authorization response. */
  declare readonly error_description?: string;
  constructor(wire: Omit<WireError, 'details'>, details?: OxdErrorDetails) {
    super(`The OpenID Provider refused the login: ${printable(wire.error)}.`, details);
    this.error = printable(wire.error);
    hide(this, 'error_description', wire.error_description);
  }
}

/**
 * The error with `Set-Cookie` values, invisible to whatever prints it: a copy, because callers who
 * waited for the same work were given the same error.
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

/** An error code of letters: none of the values that were sent, which are hidden before. */
const ERROR_CODE = /^[A-Za-z_]{1,64}$/;

/**
 * Makes foreign text fit for a log line or a message: one line, at most 200 characters, and
 * nothing in it that looks like a token, a code or a secret. An error code stays as it is.
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
