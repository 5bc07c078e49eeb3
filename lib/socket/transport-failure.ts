import {
  type OxdErrorDetails,
  OxdTransportError,
  type OxdTransportErrorCode,
} from '../base/errors.js';
import { MAX_UNITS } from './frame.js';

/** Where oxd-server is. */
export interface Endpoint {
  /** Name or IP address. */
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
    'was not reached. Check that it runs, and transport.host and transport.port',
  OXD_TRANSPORT_BUSY:
    'is busy: every connection is taken, and as many commands wait as may. Raise transport.connections or transport.maxQueue, or ask for less at once',
  OXD_TRANSPORT_TIMEOUT:
    'was not asked: no connection became free within transport.timeout. It is slow or down, or transport.connections is too low',
  OXD_TRANSPORT_CLOSED: 'was not asked: the transport is closed',
};

const SENT: Readonly<Record<Failure, string>> = {
  ...NOT_SENT,
  OXD_TRANSPORT_TIMEOUT:
    'did not answer within transport.timeout. It is slow or down, or the provider that it asks',
  OXD_TRANSPORT_CLOSED: `did not answer: the connection was closed. oxd-server does so, among others, instead of a reply above ${MAX_UNITS} characters; its log tells more`,
};

/**
 * The error for a command that got no answer.
 *
 * @internal
 */
export function transportFailure(
  code: Failure,
  { host, port }: Endpoint,
  details: OxdErrorDetails,
): OxdTransportError {
  const texts = details.mayHaveRun ? SENT : NOT_SENT;
  return new OxdTransportError(code, `oxd-server at ${host}:${port} ${texts[code]}.`, details);
}
