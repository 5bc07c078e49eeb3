import type { ProviderResponse } from '../../embedded/requests/provider-http.js';
import type { AuthorizationServer } from './authorization-servers.js';
import type { ServerContext } from './context.js';
import { unexpected, CommandFailure } from './reply.js';
import { passedOn, tokenEndpointFailure, type ServerCall } from './rest-failures.js';
import { isJsonObject, parseJson, type JsonObject } from '../../base/json.js';

/** Statuses of a rejected ticket request that 3.x reports as `internal_error`. */
const HIDDEN_IN_3_X = new Set([400, 401]);

/**
 * Parses the JSON object of a success response.
 *
 * @throws {CommandFailure} with oxd's error code for an error response
 */
export function propertiesOf(
  context: ServerContext,
  call: ServerCall,
  answer: ProviderResponse,
): JsonObject {
  if (answer.status >= 400) throw responseFailure(context, call, answer);
  const properties = parseJson(answer.text);
  if (!isJsonObject(properties)) throw unexpected();
  return properties;
}

/** Error of oxd for an error response: status and body since 3.1.4, before only `internal_error`. */
export function responseFailure(
  context: ServerContext,
  call: ServerCall,
  answer: ProviderResponse,
): CommandFailure {
  if (context.isRest) return passedOn(context.options.release, call, answer);
  const { status, text } = answer;
  const isHidden = call === 'ticket' && HIDDEN_IN_3_X.has(status);
  if (!context.since('3.1.4') || isHidden) return unexpected();
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
  const { servers } = context.options;
  return servers.of(command, oxd_id).catch(async (error: unknown) => {
    const response = await servers.discoveryFailure(command, oxd_id, error);
    throw response ? responseFailure(context, 'resource', response) : unexpected();
  });
}

const NEED_INFO_PROPERTIES = new Set(['error', 'ticket', 'required_claims', 'redirect_user']);

/**
 * Error of oxd for an error response of the token endpoint. An object with only these properties is
 * reported as `need_info`, every other object as a failure.
 */
export function tokenFailure(context: ServerContext, answer: ProviderResponse): CommandFailure {
  if (context.isRest) return tokenEndpointFailure(answer);
  const properties = parseJson(answer.text);
  if (
    !isJsonObject(properties) ||
    !Object.keys(properties).every((name) => NEED_INFO_PROPERTIES.has(name))
  )
    return responseFailure(context, 'introspection', answer);
  const { error = null, ticket = null, required_claims = null, redirect_user = null } = properties;
  const details = { error, ticket, required_claims, redirect_user };
  return new CommandFailure('need_info', undefined, { details });
}
