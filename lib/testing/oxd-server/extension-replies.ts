import { within, type Release } from '../../base/oxd-releases.js';
import { isJsonObject, parseJson, textOf, type JsonObject } from '../../base/json.js';
import { MAX_UNITS } from '../../socket/frame.js';
import type { HttpsReply, HttpsRequest } from '../https/https-answer.js';
import type { Outcome } from './command-runner.js';
import { genericReply, HttpsRejection, jettyReply, statusReply, textReply } from './dropwizard.js';
import type { HttpsPeer } from './https-peer.js';
import { CommandFailure, errorReply, okReply } from './reply.js';
import { commandOf, readParams } from './request.js';
import { isProtected } from './token-check.js';

/** Sentence instead of a reply when oxd-server closed the connection. */
const NO_REPLY =
  'Command response is null, please check oxd-server.log file of oxd-server application.';
const INVALID = 'Invalid parameters. Message: The body has no parameters of this command.';

/** HTTPS extension of oxd 3.1, in front of a TCP socket: replies are those of the socket. */
export class ExtensionPeer implements HttpsPeer {
  readonly health = textReply(200, 'running');
  readonly headersTooLong = jettyReply(
    413,
    'Request Entity Too Large',
    'text/html; charset=ISO-8859-1',
  );
  private readonly isCurrent: boolean;
  /** Number of connections in the pool that oxd-server has closed. */
  private stale = 0;

  /** @param keepsStale makes requests fail on connections of the pool that oxd-server has closed */
  constructor(
    private readonly release: Release,
    private readonly keepsStale: boolean,
  ) {
    this.isCurrent = within(release, { since: '3.1.4' });
  }

  async answer(
    command: string,
    request: HttpsRequest,
    run: (params: JsonObject) => Promise<Outcome>,
  ): Promise<HttpsReply> {
    // Reads the body first: an invalid body without a token is reported as an invalid body.
    const body = this.bodyOf(command, request);
    const params = { ...body, ...this.tokenFor(command, request) };
    if (JSON.stringify({ command, params }).length > MAX_UNITS)
      return this.isCurrent ? this.noReply() : genericReply();
    if (this.takeStale()) return this.noReply();
    return this.reply(await run(params));
  }

  private bodyOf(command: string, { body }: HttpsRequest): JsonObject {
    const params = parseJson(body);
    if (isJsonObject(params) && this.isReadable(command, params)) return params;
    const isText = this.isCurrent && params !== null;
    throw new HttpsRejection(isText ? textReply(400, INVALID) : genericReply());
  }

  private isReadable(command: string, params: JsonObject): boolean {
    try {
      readParams(this.release, commandOf(this.release, command), params);
      return true;
    } catch {
      return false;
    }
  }

  /** Returns the token, which replaces that of the body. oxd-server checks it; the extension does not. */
  private tokenFor(command: string, { headers }: HttpsRequest): JsonObject {
    if (!isProtected(this.release, commandOf(this.release, command))) return {};
    const token = textOf(/^Bearer (.*)$/s.exec(headers.authorization ?? '')?.[1]);
    if (token !== undefined) return { protection_access_token: token };
    throw new HttpsRejection(this.isCurrent ? forbidden() : genericReply());
  }

  private reply(outcome: Outcome): HttpsReply {
    if ('data' in outcome) return this.fitting(okReply(outcome.data));
    const { failure } = outcome;
    if (failure.closes && this.isCurrent && this.keepsStale) this.stale += 1;
    const [, status] = /^http_status_(\d+)$/.exec(failure.error) ?? [];
    return status ? statusReply(Number(status), failure.text) : this.fitting(errorReply(failure));
  }

  private fitting(envelope: string): HttpsReply {
    return envelope.length > MAX_UNITS ? this.noReply() : textReply(200, envelope);
  }

  private noReply(): HttpsReply {
    return textReply(this.isCurrent ? 500 : 200, NO_REPLY);
  }

  private takeStale(): boolean {
    if (this.stale === 0) return false;
    this.stale -= 1;
    return true;
  }
}

function forbidden(): HttpsReply {
  return statusReply(403, errorReply(new CommandFailure('403', 'Forbidden Access')));
}
