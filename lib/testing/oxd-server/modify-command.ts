import { resourceUrl } from '../../embedded/resources/resource-description.js';
import type { ServerCommand } from './context.js';
import { matching, scopesOf, type ProtectedResource } from './protected-resource.js';
import { CommandFailure } from './reply.js';
import type { ServerParams } from './request.js';
import { listOf } from './site-commands.js';
import { propertiesOf, protectionServer, responseFailure } from './uma-replies.js';
import { parseJson, textOf } from '../../base/json.js';

/**
 * Replaces the scopes of a resource, also by none.
 *
 * @see oxd command uma_rs_modify
 */
export const umaRsModify: ServerCommand = async (context, params, { oxd_id, resources = [] }) => {
  const http_method = textOf(params.http_method);
  if (http_method === undefined) throw new CommandFailure('invalid_http_method');
  const path = textOf(params.path);
  if (path === undefined) throw new CommandFailure('invalid_path_parameter');
  const { scope_expression, scopes } = newScopes(params);
  const resource = matching(resources, path, http_method).at(-1);
  if (!resource) throw new CommandFailure('invalid_request');
  const server = await protectionServer(context, 'uma_rs_modify', oxd_id);
  const url = resourceUrl(server.uma.resource_registration_endpoint, resource.id);
  const existing = propertiesOf(context, await server.call({ method: 'GET', url }));
  const { name, type, description, icon_uri } = existing;
  const kept = { name, type, description, icon_uri };
  const body = { ...kept, resource_scopes: scopes, scope_expression };
  const answer = await server.call({ method: 'PUT', url, body });
  if (answer.status >= 400) throw responseFailure(context, answer);
  const modified: ProtectedResource = { ...resource, scopes, ticketScopes: scopes };
  const all = resources.map((one) => (one === resource ? modified : one));
  await context.options.records.storeResources(oxd_id, all);
  return { oxd_id };
};

/** @throws {CommandFailure} invalid_scope_expression */
function newScopes(params: ServerParams): {
  readonly scopes: readonly string[];
  readonly scope_expression?: string;
} {
  const scope_expression = textOf(params.scope_expression);
  if (scope_expression === undefined || scope_expression === 'null') {
    return { scopes: listOf(params.scopes) ?? [] };
  }
  const scopes = scopesOf(parseJson(scope_expression));
  if (!scopes) throw new CommandFailure('invalid_scope_expression');
  return { scopes, scope_expression };
}
