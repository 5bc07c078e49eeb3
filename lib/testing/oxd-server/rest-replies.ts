import { within, type Release } from '../../base/oxd-releases.js';
import { isJsonObject, parseJson, withoutUndefined, type JsonObject } from '../../base/json.js';
import type { HttpsReply, HttpsRequest } from '../https/https-answer.js';
import type { Outcome } from './command-runner.js';
import { genericReply, HttpsRejection, jettyReply, jsonReply, textReply } from './dropwizard.js';
import { ExactReply } from './exact-reply.js';
import type { HttpsPeer } from './https-peer.js';
import { MalformedParams, type CommandFailure } from './reply.js';
import { statusOfError } from './rest-status.js';
import type { ServerRecords } from './store.js';

/** REST API of oxd 4: replies are bare data, failures have the HTTP status of an error. */
export class RestPeer implements HttpsPeer {
  readonly health: HttpsReply;
  readonly headersTooLong = jettyReply(
    431,
    'Request Header Fields Too Large',
    'text/html;charset=iso-8859-1',
  );
  private readonly quotesBody: boolean;
  /** Types of JSON objects that were written before, with true for those that contain nulls. */
  private readonly hasNulls = new Map<string, boolean>();

  constructor(
    release: Release,
    private readonly records: Pick<ServerRecords, 'hasSaved'>,
  ) {
    this.quotesBody = !within(release, { since: '4.5' });
    const version = this.quotesBody ? '4.2.3.Final' : '4.5.5.Final';
    const health = { application: 'oxd', version, status: 'running' };
    this.health = textReply(200, JSON.stringify(health, undefined, 3));
  }

  async answer(
    command: string,
    request: HttpsRequest,
    run: (params: JsonObject) => Promise<Outcome>,
  ): Promise<HttpsReply> {
    const outcome = await run({ ...this.paramsIn(request), ...authorizationIn(request) });
    const result = 'data' in outcome ? outcome.data : outcome.failure;
    if (result instanceof ExactReply) return result.reply;
    if (result instanceof MalformedParams) return this.unreadable(request);
    if ('failure' in outcome) return this.failureReply(outcome.failure);
    return jsonReply(200, this.written(command, result));
  }

  /** @throws {HttpsRejection} 400 when the body is not an object; an empty body counts as one */
  private paramsIn(request: HttpsRequest): JsonObject {
    const params = parseJson(request.body.trim() || '{}');
    if (isJsonObject(params)) return params;
    throw new HttpsRejection(params === null ? genericReply() : this.unreadable(request));
  }

  /** Reply to a body that is no object, or has a parameter of the wrong type; 4.2 quotes the body. */
  private unreadable({ body }: HttpsRequest): HttpsReply {
    const source = this.quotesBody ? `(String)"${body}"` : 'REDACTED';
    const place = ` at [Source: ${source}; line: 1, column: 1]`;
    return textReply(400, `Invalid parameters. Message: Cannot deserialize the value\n${place}`);
  }

  private failureReply({ error, text, httpStatus }: CommandFailure): HttpsReply {
    const body = { error, error_description: text, details: null, reason: null };
    return jsonReply(httpStatus ?? statusOfError(error), this.written('error', body));
  }

  /**
   * Object as oxd writes it: without empty properties, unless the first object of its type was written
   * before the first record was saved.
   */
  private written(type: string, object: object): object {
    const keepsNulls = this.hasNulls.get(type) ?? !this.records.hasSaved;
    this.hasNulls.set(type, keepsNulls);
    return keepsNulls ? object : withoutEmpty(object);
  }
}

/** Parameters that the headers contain; the whole header of the token, which a command reads. */
function authorizationIn({ headers }: HttpsRequest): JsonObject {
  return {
    protection_access_token: headers.authorization,
    authorization_oxd_id: headers.authorizationoxdid,
  };
}

/** Drops empty properties, and those of the record that `get_rp` returns. */
function withoutEmpty(object: object): object {
  const filled = Object.entries(withoutUndefined(object)).filter(([, value]) => !isEmpty(value));
  const written = filled.map(([name, value]) =>
    name === 'node' && isJsonObject(value) ? [name, withoutEmpty(value)] : [name, value],
  );
  return Object.fromEntries(written) as object;
}

function isEmpty(value: unknown): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0);
}
