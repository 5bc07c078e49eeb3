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

/** Local reasons for which a call has no reply. */
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

/** Message for an error code that matches; it begins with a verb of which oxd is the subject. */
type Problems = readonly (readonly [code: RegExp, message: string])[];

/** Problems of TLS; no server executes a command before TLS is established. */
const TLS_PROBLEMS: Problems = [
  [
    /^ERR_SSL_[\w/]*ALERT_/,
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

/** Problems of a request that was not sent. */
const CONNECTION_PROBLEMS: Problems = [
  [
    /^ECONNRESET$/,
    'closed the connection before TLS was established. Check the port of transport.url, and transport.cert if the server requires a client certificate',
  ],
  [/^/, 'could not be reached. Check that it runs, and check transport.url'],
];

/** Problems of a response that began. */
const RESPONSE_PROBLEMS: Problems = [
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
  'did not respond: the connection was closed. Check the scheme of transport.url, transport.cert if the server requires a client certificate, and the log of oxd';

/** Error for a call whose connection failed. */
export function connectionFailure(
  error: NodeJS.ErrnoException,
  call: FailedCall,
): OxdTransportError {
  const { name, code = name, message } = error;
  // A plain Error: that of undici contains the bytes of the response.
  const details = { command: call.command, cause: Object.assign(new Error(message), { code }) };
  const find = (problems: Problems): string | undefined =>
    problems.find(([pattern]) => pattern.test(code))?.[1];
  const problem = find(TLS_PROBLEMS) ?? (call.isSent ? undefined : find(CONNECTION_PROBLEMS));
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
