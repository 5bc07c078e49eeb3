import { isJsonObject, parseJson } from '../../lib/base/json.js';
import type { HttpsRecording } from '../recordings/https-recordings.js';
import { type RecordedReply, type Recording, replyOf } from '../recordings/recordings.js';

type Members = Readonly<Record<string, unknown>>;

/** A recorded command, whatever connection it was sent over. */
export interface RecordedCall {
  readonly n: number;
  readonly story: string;
  /** Name on the wire. */
  readonly command: string;
  /** Path over HTTPS. */
  readonly path?: string;
  /** Parameters, a token of the headers included; null when only the exact text was recorded. */
  readonly params: Members | null;
  readonly protect: 'on' | 'off';
  /** Fault of the provider. */
  readonly op?: string;
  /** URL to which the browser returned. */
  readonly callback?: string;
  /** The reply without the connection's part; undefined when it has another form. */
  readonly reply: RecordedReply | undefined;
  /** True if the server closed the connection after the reply. */
  readonly closed: boolean;
}

/** Call of a recording over TCP. */
export function frameCall({ request, reply, ...recording }: Recording): RecordedCall {
  const { frame, closed = false } = reply;
  return { ...recording, params: request, reply: replyOf(frame), closed };
}

/** Call of a recording over HTTPS. */
export function httpsCall({ request, reply, ...recording }: HttpsRecording): RecordedCall {
  const token = request.headers.Authorization?.replace('Bearer ', '');
  const params = request.body ?? null;
  return {
    ...recording,
    command: recording.command ?? '',
    path: request.path,
    params: token ? { ...params, protection_access_token: token } : params,
    reply: envelopeIn(reply.body),
    closed: false,
  };
}

/** Envelope in a body; undefined when the body is something else. */
export function envelopeIn(body: string): RecordedReply | undefined {
  const reply = parseJson(body);
  return isJsonObject(reply) && isJsonObject(reply.data) ? (reply as never) : undefined;
}
