import {
  type OxdErrorDetails,
  OxdTransportError,
  type OxdTransportErrorCode,
} from '../base/errors.js';

/** Call that failed. */
export interface FailedCall {
  /** Origin of `transport.url`. */
  readonly origin: string;
  readonly command: string;
  /** True if the request was sent. */
  readonly isSent: boolean;
}

/** Reasons of this machine for which a call has no reply. */
export type LocalFailure = 'busy' | 'timeout' | 'closed';

type Message = readonly [code: OxdTransportErrorCode, notSent: string, sent: string];

const LOCAL: Readonly<Record<LocalFailure, Message>> = {
  busy: [
    'OXD_TRANSPORT_BUSY',
    'is busy: every connection is in use and the queue is full. Raise transport.connections, or send fewer commands at once',
    '',
  ],
  timeout: [
    'OXD_TRANSPORT_TIMEOUT',
    'did not receive the command: no connection became free within transport.timeout. Check that it responds, or raise transport.connections',
    'did not respond within transport.timeout. Check that it and its provider respond, or raise the limit',
  ],
  closed: [
    'OXD_TRANSPORT_CLOSED',
    'did not receive the command: the transport is closed',
    'did not respond: the transport was closed',
  ],
};

/** Error for a call that this machine ended. */
export function localFailure(failure: LocalFailure, call: FailedCall): OxdTransportError {
  const [code, notSent, sent] = LOCAL[failure];
  return transportError(code, call.isSent ? sent : notSent, { ...call, mayHaveRun: call.isSent });
}

/** Problems of TLS, by the code of the error; no server executes a command before TLS is established. */
const TLS_PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [
    /^ERR_SSL_\w*ALERT_/,
    'rejected the TLS connection. If it requires a client certificate, check transport.cert and transport.key',
  ],
  [
    /^(?:EPROTO$|ERR_SSL_)/,
    'did not respond with TLS. Check the scheme and the port of transport.url',
  ],
  [
    /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/,
    'has a certificate that is not valid now. Renew the certificate of the server in transport.url, and check the clock of this machine',
  ],
  [
    /ALTNAME|HOSTNAME_MISMATCH/,
    'has a certificate for another host. Use a host name of the certificate in transport.url',
  ],
  [
    /CERT|SIGNATURE/,
    'has a certificate of an unknown authority. Add the certificate of the authority (PEM) to transport.ca',
  ],
];

const UNREACHABLE = 'could not be reached. Check that it runs, and check transport.url';

/** Problems of a response that began, by the code of the error. */
const RESPONSE_PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [
    /^UND_ERR_(?:RES_EXCEEDED_MAX_SIZE|HEADERS_OVERFLOW)$/,
    'sent a response that is too large for oxd. Check transport.url',
  ],
  [
    /^HPE_|^HTTPParserError$/,
    'sent a response that is not HTTP. Check the scheme and the port of transport.url',
  ],
];

const CLOSED =
  'did not respond: the connection was closed. Check its log, and that of a proxy in front of it';

/** Error for a call whose connection failed. */
export function connectionFailure(
  error: NodeJS.ErrnoException,
  call: FailedCall,
): OxdTransportError {
  const { name, code = name, message } = error;
  // A plain Error: that of undici contains the bytes of the response.
  const details = { command: call.command, cause: Object.assign(new Error(message), { code }) };
  const find = (problems: typeof TLS_PROBLEMS): string | undefined =>
    problems.find(([pattern]) => pattern.test(code))?.[1];
  const problem = find(TLS_PROBLEMS) ?? (call.isSent ? undefined : UNREACHABLE);
  const origin = { ...call, ...details };
  if (problem) return transportError('OXD_TRANSPORT_UNREACHABLE', `${problem} (${code})`, origin);
  const invalid = find(RESPONSE_PROBLEMS);
  const failure = invalid ? 'OXD_TRANSPORT_MALFORMED' : 'OXD_TRANSPORT_CLOSED';
  return transportError(failure, `${invalid ?? CLOSED} (${code})`, { ...origin, mayHaveRun: true });
}

/** Creates an error with a message about the server; `text` begins with a verb. */
export function transportError(
  code: OxdTransportErrorCode,
  text: string,
  { origin, command, cause, mayHaveRun }: OxdErrorDetails & { readonly origin: string },
): OxdTransportError {
  const details = { command, cause, mayHaveRun };
  return new OxdTransportError(code, `oxd at ${origin} ${text}.`, details);
}
