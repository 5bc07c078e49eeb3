import type { OxdTransportErrorCode } from '../base/errors.js';
import { commandError } from '../commands/envelope.js';
import type { HttpsReply } from './https-call.js';
import { transportError, type FailedCall } from './https-failure.js';
import { HttpsStatusError } from './https-status-error.js';

/** Meaning of a response that has no JSON of oxd. */
interface Meaning {
  readonly applies: (reply: HttpsReply) => boolean;
  readonly code: OxdTransportErrorCode;
  /** Message that begins with a verb of which oxd is the subject. */
  readonly text: string;
  readonly mayHaveRun: boolean;
}

/** The text may quote the request. */
const INVALID_PARAMETERS = /^Invalid parameters\. Message:/;

/** Text of the HTTPS extension when oxd-server closed their connection without a reply. */
export const LOST_REPLY = /^Command response is null/;

const NOT_EXECUTED = [404, 405, 406, 415];

/** Message of Dropwizard: HTML may be that of the authorization server, which oxd 4 passes on. */
const BY_OXD = /^\{"code":\d{3},"message":"HTTP \d{3} /;

const UNKNOWN_REQUEST = 'does not know the request. Check transport.url and transport.version';

const MEANINGS: readonly Meaning[] = [
  {
    applies: ({ text }) => text.startsWith('Command client is not able to connect'),
    code: 'OXD_TRANSPORT_CLOSED',
    text: 'has no connection from the HTTPS extension to oxd-server. Check that oxd-server runs, and check oxdHost and oxdPort of the extension',
    mayHaveRun: false,
  },
  {
    applies: ({ text }) => LOST_REPLY.test(text),
    code: 'OXD_TRANSPORT_CLOSED',
    text: 'sent no reply to the HTTPS extension. Check the log of oxd-server; it sends no reply above 9999 characters',
    mayHaveRun: true,
  },
  {
    applies: ({ status, text }) => status === 400 && text.includes('Invalid SNI'),
    code: 'OXD_TRANSPORT_UNREACHABLE',
    text: 'does not accept the host of transport.url. Use a host name of its certificate',
    mayHaveRun: false,
  },
  {
    applies: ({ status }) => status === 413 || status === 431,
    code: 'OXD_TRANSPORT_TOO_LARGE',
    text: 'rejected the request as too large. Shorten the parameters, or the protection token',
    mayHaveRun: false,
  },
  {
    applies: ({ status }) => status >= 300 && status < 400,
    code: 'OXD_TRANSPORT_MALFORMED',
    text: 'responded with a redirect, which is not followed. Check transport.url',
    mayHaveRun: true,
  },
  {
    applies: ({ encoding }) => !['', 'identity'].includes(encoding.trim().toLowerCase()),
    code: 'OXD_TRANSPORT_MALFORMED',
    text: 'sent a compressed response, which was not requested. Check the proxy in front of it',
    mayHaveRun: true,
  },
  {
    applies: ({ status, text }) => NOT_EXECUTED.includes(status) && BY_OXD.test(text),
    code: 'OXD_TRANSPORT_MALFORMED',
    text: UNKNOWN_REQUEST,
    mayHaveRun: false,
  },
  {
    applies: ({ status }) => NOT_EXECUTED.includes(status),
    code: 'OXD_TRANSPORT_MALFORMED',
    text: UNKNOWN_REQUEST,
    mayHaveRun: true,
  },
];

const FOREIGN = {
  code: 'OXD_TRANSPORT_MALFORMED',
  text: 'sent a response that oxd of transport.version does not send. Check transport.url and transport.version, and a proxy in front of it',
  mayHaveRun: true,
} as const;

/** Returns the error for a response that has no JSON of oxd; the body is never quoted. */
export function textFailure(
  { origin, command }: Pick<FailedCall, 'origin' | 'command'>,
  reply: HttpsReply,
): Error {
  const cause = new HttpsStatusError(reply.status);
  if (reply.status === 400 && INVALID_PARAMETERS.test(reply.text)) {
    return commandError({ error: 'bad_request' }, { command, cause });
  }
  const { code, text, mayHaveRun } = MEANINGS.find(({ applies }) => applies(reply)) ?? FOREIGN;
  const described = `${text} (HTTP status ${reply.status}${mediaType(reply)})`;
  return transportError(code, described, { origin, command, cause, mayHaveRun });
}

function mediaType({ type }: HttpsReply): string {
  const [media = ''] = /^[\w.+-]{1,40}\/[\w.+-]{1,40}/.exec(type) ?? [];
  return media && `, ${media}`;
}
