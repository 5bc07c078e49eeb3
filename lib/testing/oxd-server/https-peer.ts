import type { Release } from '../../base/oxd-releases.js';
import type { JsonObject } from '../../base/json.js';
import type { HttpsAnswer, HttpsHandler, HttpsReply, HttpsRequest } from '../https/https-answer.js';
import type { CommandRunner, Outcome } from './command-runner.js';
import { HttpsRejection, statusReply } from './dropwizard.js';
import type { Faults, Replacement } from './faults.js';
import { HEALTH_CHECK, routeOf } from './https-route.js';

/** Peculiarities of one kind of oxd over HTTPS. */
export interface HttpsPeer {
  /** Reply to `GET /health-check`. */
  readonly health: HttpsReply;
  /** Reply to headers that exceed the limit. */
  readonly headersTooLong: HttpsReply;
  /**
   * Returns the reply to a command.
   *
   * @param command name on the wire
   * @param run executes the command with these parameters, those of the headers included
   * @throws {HttpsRejection} with the reply to a request whose command is not executed
   */
  answer(
    command: string,
    request: HttpsRequest,
    run: (params: JsonObject) => Promise<Outcome>,
  ): Promise<HttpsReply>;
}

/** Dependencies of {@link httpsHandler}. */
export interface HttpsHandlerOptions {
  readonly release: Release;
  readonly runner: CommandRunner;
  readonly faults: Faults;
}

/** Returns the handler of an oxd over HTTPS. */
export function httpsHandler(peer: HttpsPeer, options: HttpsHandlerOptions): HttpsHandler {
  return {
    headersTooLong: peer.headersTooLong,
    bodyTooLong: statusReply(413),
    answer: (request) => orRejection(() => answer(peer, options, request)),
  };
}

async function answer(
  peer: HttpsPeer,
  { release, runner, faults }: HttpsHandlerOptions,
  request: HttpsRequest,
): Promise<HttpsAnswer> {
  const route = routeOf(release, request);
  if (route === HEALTH_CHECK) return peer.health;
  const reply = await orRejection(() =>
    peer.answer(route, request, (params) => runner.run({ command: route, params })),
  );
  return toAnswer(faults.disturb(route, reply));
}

async function orRejection<T>(work: () => Promise<T>): Promise<T | HttpsReply> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HttpsRejection) return error.reply;
    throw error;
  }
}

function toAnswer(answer: HttpsAnswer | Replacement): HttpsAnswer {
  if (!('raw' in answer)) return answer;
  const { raw: body, status = 200, contentType = 'application/json', ...delivery } = answer;
  return { ...delivery, status, contentType, body };
}
