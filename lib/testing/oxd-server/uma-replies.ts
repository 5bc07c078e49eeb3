import { statusOf } from '../../embedded/requests/command-error.js';
import type { ProviderResponse } from '../../embedded/requests/provider-http.js';
import type { AuthorizationServer } from './authorization-servers.js';
import type { ServerContext } from './context.js';
import { unexpected, CommandFailure } from './reply.js';
import { isJsonObject, parseJson, type JsonObject } from '../../base/json.js';

/**
 * Parses the JSON object of a success response.
 *
 * @param masked statuses that every release of oxd reports as `internal_error`
 * @throws {CommandFailure} with oxd's error code for an error response
 */
export function propertiesOf(
  context: ServerContext,
  answer: ProviderResponse,
  masked: readonly number[] = [],
): JsonObject {
  if (answer.status >= 400) throw responseFailure(context, answer, masked);
  const properties = parseJson(answer.text);
  if (!isJsonObject(properties)) throw unexpected();
  return properties;
}

/** Error of oxd for an error response: status and body since 3.1.4, before only `internal_error`. */
export function responseFailure(
  context: ServerContext,
  { status, text }: ProviderResponse,
  masked: readonly number[] = [],
): CommandFailure {
  if (!context.since('3.1.4') || masked.includes(status)) return unexpected();
  return new CommandFailure(`http_status_${status}`, text);
}

/**
 * Returns the authorization server of a site for the commands of a resource server. When UMA
 * discovery fails, these have other error codes than the commands of a client.
 *
 * @throws {CommandFailure} with that error code
 */
export async function protectionServer(
  context: ServerContext,
  command: string,
  oxd_id: string,
): Promise<AuthorizationServer> {
  return context.options.servers.of(command, oxd_id).catch((error: unknown) => {
    const status = statusOf(error);
    throw status === undefined ? unexpected() : responseFailure(context, { status, text: '' });
  });
}

const NEED_INFO_PROPERTIES = new Set(['error', 'ticket', 'required_claims', 'redirect_user']);

/**
 * Error of oxd for an error response of the token endpoint. An object with only these properties is
 * reported as `need_info`, every other object as a failure.
 */
export function tokenFailure(context: ServerContext, answer: ProviderResponse): CommandFailure {
  const properties = parseJson(answer.text);
  if (
    !isJsonObject(properties) ||
    !Object.keys(properties).every((name) => NEED_INFO_PROPERTIES.has(name))
  )
    return responseFailure(context, answer);
  const { error = null, ticket = null, required_claims = null, redirect_user = null } = properties;
  const details = { error, ticket, required_claims, redirect_user };
  return new CommandFailure('need_info', undefined, { details });
}
