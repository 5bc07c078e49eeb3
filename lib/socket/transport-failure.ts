import {
  type OxdErrorDetails,
  OxdTransportError,
  type OxdTransportErrorCode,
} from '../base/errors.js';
import { MAX_UNITS } from './frame.js';

/** Address of oxd-server. */
export interface Endpoint {
  /** Host name or IP address. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
}

type Failure = Exclude<
  OxdTransportErrorCode,
  'OXD_TRANSPORT_MALFORMED' | 'OXD_TRANSPORT_TOO_LARGE'
>;

const NOT_SENT: Readonly<Record<Failure, string>> = {
  OXD_TRANSPORT_UNREACHABLE:
    'could not be reached. Check that it runs, and check transport.host and transport.port',
  OXD_TRANSPORT_BUSY:
    'is busy: every connection is in use and the queue is full. Raise transport.connections or transport.maxQueue, or send fewer commands at once',
  OXD_TRANSPORT_TIMEOUT:
    'did not receive the command: no connection became free within transport.timeout. Check that it responds, or raise transport.connections',
  OXD_TRANSPORT_CLOSED: 'did not receive the command: the transport is closed',
};

const SENT: Readonly<Record<Failure, string>> = {
  ...NOT_SENT,
  OXD_TRANSPORT_TIMEOUT:
    'did not respond within transport.timeout. Check that it and its provider respond, or raise the limit',
  OXD_TRANSPORT_CLOSED: `did not respond: the connection was closed. oxd-server closes it, for example, instead of sending a reply above ${MAX_UNITS} characters; check its log`,
};

/**
 * Error for a command that received no reply.
 *
 * @internal
 */
export function transportFailure(
  code: Failure,
  { host, port }: Endpoint,
  details: OxdErrorDetails,
): OxdTransportError {
  const messages = details.mayHaveRun ? SENT : NOT_SENT;
  return new OxdTransportError(code, `oxd-server at ${host}:${port} ${messages[code]}.`, details);
}
