import type { Release } from '../../lib/base/oxd-releases.js';
import { httpsPath } from '../../lib/commands/dialect/https-paths.js';
import type { OxdServer } from '../../lib/testing/oxd-server/oxd-server.js';
import { type RecordedReply, replyOf } from '../recordings/recordings.js';
import { FrameClient, frameOf } from './frame-client.js';
import { HttpsClient } from './https-client.js';
import { envelopeIn } from './recorded-call.js';
import { shapeOfHttps, shapeOfReply } from './reply-shape.js';

/** Answer of a server to a command. */
export interface ServerAnswer {
  /** Undefined when the answer has no envelope. */
  readonly reply: RecordedReply | undefined;
  /** Parts that do not depend on the provider. */
  readonly shape: unknown;
  /** Exact text. */
  readonly text: string;
}

/** A command as a client sends it; a protection token is a parameter. */
export interface SentCommand {
  readonly command: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Path over HTTPS; default that of the command. */
  readonly path?: string;
  /** Waits over TCP until the server closes the connection. */
  readonly closed?: boolean;
}

/** Sends commands to an oxd-server, each over its own connection. */
export type CommandSender = (command: SentCommand) => Promise<ServerAnswer>;

/** Sends commands over TCP. */
export function tcpSender({ port }: OxdServer): CommandSender {
  return async ({ command, params, closed: awaitsClose = false }) => {
    const client = await FrameClient.open(port);
    const { frame, closed } = await client.ask([frameOf(command, params)], { awaitsClose });
    client.close();
    return { reply: replyOf(frame), shape: frameShape(frame, closed), text: frame };
  };
}

/** Shape of a reply over TCP. */
export function frameShape(frame: string, closed: boolean): unknown {
  return { reply: shapeOfReply(frame), closed };
}

/** Sends commands over HTTPS. */
export function httpsSender({ url, ca }: OxdServer, release: Release): CommandSender {
  return async ({ command, params, ...how }) => {
    const { protection_access_token: token, ...body } = params;
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    if (typeof token === 'string') headers.Authorization = `Bearer ${token}`;
    const path = how.path ?? httpsPath(release, command) ?? '/';
    const client = new HttpsClient(url, ca);
    const answer = await client.ask({ path, body, headers });
    await client.close();
    return { reply: envelopeIn(answer.body), shape: shapeOfHttps(answer), text: answer.body };
  };
}
