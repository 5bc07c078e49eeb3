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
 * `BUSY` (waiting queue full) and `TOO_LARGE` (request above 9999 units) have certainly not run.
 */
export type OxdTransportErrorCode =
  | 'OXD_TRANSPORT_TIMEOUT'
  | 'OXD_TRANSPORT_CLOSED'
  | 'OXD_TRANSPORT_BUSY'
  | 'OXD_TRANSPORT_MALFORMED'
  | 'OXD_TRANSPORT_TOO_LARGE'
  | 'OXD_TRANSPORT_UNREACHABLE';

/** `FAILED`: the command was refused. `UNSUPPORTED`: this oxd version lacks it; nothing was sent. */
export type OxdCommandErrorCode = 'OXD_COMMAND_FAILED' | 'OXD_COMMAND_UNSUPPORTED';

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
 * Attaches `Set-Cookie` values to an error, invisible to whatever prints it.
 *
 * @internal
 */
export function withCookies<E extends Error>(error: E, cookies: readonly string[]): E {
  hide(error, 'cookies', cookies);
  return error;
}

/**
 * Makes foreign text fit for a log line or a message: one line, at most 200 characters, and
 * nothing in it that looks like a token, a code or a secret.
 *
 * @internal
 */
export function printable(text: string): string {
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
