import { resourceUrl } from '../../embedded/resources/resource-description.js';
import type { ServerCommand, ServerContext } from './context.js';
import { matching, type ProtectedResource } from './protected-resource.js';
import { checkExpression } from './resource-checks.js';
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
  const { scope_expression, scopes } = newScopes(context, params);
  const resource = matching(resources, path, http_method).at(-1);
  if (!resource) throw new CommandFailure('invalid_request');
  const server = await protectionServer(context, 'uma_rs_modify', oxd_id);
  const url = resourceUrl(server.uma.resource_registration_endpoint, resource.id);
  const existing = propertiesOf(context, 'resource', await server.call({ method: 'GET', url }));
  const { name, type, description, icon_uri } = existing;
  const kept = { name, type, description, icon_uri };
  const body = { ...kept, resource_scopes: scopes, scope_expression };
  const answer = await server.call({ method: 'PUT', url, body });
  if (answer.status >= 400) throw responseFailure(context, 'resource', answer);
  const modified: ProtectedResource = {
    ...{ ...resource, scopes, scope_expression },
    ticketScopes: scopes,
  };
  const all = resources.map((one) => (one === resource ? modified : one));
  await context.options.records.storeResources(oxd_id, all);
  return { oxd_id };
};

type Scopes = Pick<ProtectedResource, 'scopes' | 'scope_expression'>;

/** @throws {CommandFailure} invalid_scope_expression */
function newScopes(context: ServerContext, params: ServerParams): Scopes {
  const scope_expression = textOf(params.scope_expression);
  if (scope_expression === undefined || scope_expression === 'null') {
    return { scopes: listOf(params.scopes) ?? [] };
  }
  return { scopes: checkExpression(context, parseJson(scope_expression)), scope_expression };
}
