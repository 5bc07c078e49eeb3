/** Descriptions by which a client distinguishes errors that share an error code. */
const GENERIC = 'Unknown internal server error occurs.';
const MALFORMED = 'Command parameters are not specified or otherwise malformed.';
const NO_RPT = 'Failed to get RPT.';

interface FailureOptions {
  readonly closes?: boolean;
  readonly details?: object | null;
  readonly httpStatus?: number;
}

/** Failure of a command, reported to the client in an error reply. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';

  /** Closes the connection after the reply. */
  readonly closes: boolean;
  /** Further properties of an error response of the authorization server. */
  readonly details: object | null;
  /** HTTP status in oxd 4, if it is not the usual one of the error code. */
  readonly httpStatus?: number;

  /** @param error oxd's error code */
  constructor(
    readonly error: string,
    readonly text = error.replaceAll('_', ' '),
    { closes = false, details = null, httpStatus }: FailureOptions = {},
  ) {
    super(text);
    this.closes = closes;
    this.details = details;
    this.httpStatus = httpStatus;
  }
}

/** Generic error for every unexpected failure; oxd-server closes the connection after it. */
export function unexpected(): CommandFailure {
  return new CommandFailure('internal_error', GENERIC, { closes: true });
}

/** Error for parameters that are missing or have the wrong JSON type. */
export function malformedParams(): CommandFailure {
  return new MalformedParams('internal_error', MALFORMED);
}

/** Failure of {@link malformedParams}. */
export class MalformedParams extends CommandFailure {}

/** Error for an RPT that the authorization server issued but does not report as active. */
export function inactiveRpt(): CommandFailure {
  return new CommandFailure('internal_error', NO_RPT);
}

/** Body of a success reply. */
export function okReply(data: object): string {
  return JSON.stringify({ status: 'ok', data });
}

/** Body of an error reply, with the properties in oxd's order. */
export function errorReply({ error, text, details }: CommandFailure): string {
  const data = { error, details, error_description: text };
  return JSON.stringify({ status: 'error', data });
}
