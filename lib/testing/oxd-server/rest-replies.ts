import { isJsonObject, parseJson, withoutUndefined, type JsonObject } from '../../base/json.js';
import type { HttpsReply, HttpsRequest } from '../https/https-answer.js';
import type { Outcome } from './command-runner.js';
import { HttpsRejection, jettyReply, jsonReply, textReply } from './dropwizard.js';
import type { HttpsPeer } from './https-peer.js';
import type { CommandFailure } from './reply.js';

/** REST API of oxd 4: replies are bare data, failures have the HTTP status of an error. */
export class RestPeer implements HttpsPeer {
  readonly health = jsonReply(200, { status: 'running' });
  readonly headersTooLong = jettyReply(
    431,
    'Request Header Fields Too Large',
    'text/html;charset=iso-8859-1',
  );

  async answer(
    _command: string,
    request: HttpsRequest,
    run: (params: JsonObject) => Promise<Outcome>,
  ): Promise<HttpsReply> {
    const outcome = await run({ ...paramsIn(request), ...authorizationIn(request) });
    return 'data' in outcome ? jsonReply(200, outcome.data) : failureReply(outcome.failure);
  }
}

/** @throws {HttpsRejection} 400 when the body is not an object; an empty body counts as one */
function paramsIn({ body }: HttpsRequest): JsonObject {
  const params = parseJson(body.trim() || '{}');
  if (isJsonObject(params)) return params;
  throw new HttpsRejection(
    textReply(400, 'Invalid parameters. Message: The body is not an object.'),
  );
}

/** Parameters that the headers contain. */
function authorizationIn({ headers }: HttpsRequest): JsonObject {
  return withoutUndefined({
    protection_access_token: headers.authorization?.slice('Bearer '.length),
    authorization_oxd_id: headers.authorizationoxdid,
  });
}

function failureReply({ error, text }: CommandFailure): HttpsReply {
  const status = error === 'internal_error' ? 500 : 400;
  return jsonReply(status, { error, error_description: text });
}
