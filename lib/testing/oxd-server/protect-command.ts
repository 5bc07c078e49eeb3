import { isResourceId, resourceUrl } from '../../embedded/resources/resource-description.js';
import type { AuthorizationServer } from './authorization-servers.js';
import type { ServerCommand, ServerContext } from './context.js';
import {
  conditionsOf,
  newResource,
  type NewResource,
  type ProtectedResource,
} from './protected-resource.js';
import { checkResources } from './resource-checks.js';
import { unexpected, CommandFailure } from './reply.js';
import type { ServerParams } from './request.js';
import { type ServerResource, ServerResources } from './resource-params.js';
import type { ServerSite } from './store.js';
import { propertiesOf, protectionServer, responseFailure } from './uma-replies.js';

/**
 * Up to 3.1.2, adds to the registered resources; later releases replace them.
 *
 * @see oxd command uma_rs_protect
 */
export const umaRsProtect: ServerCommand = async (context, params, site) => {
  const resources = params.resources instanceof ServerResources ? params.resources.list : [];
  if (resources.length === 0) throw new CommandFailure('invalid_uma_request');
  if (context.since('3.1.2')) checkResources(context, resources);
  const { oxd_id } = site;
  const before = context.since('3.1.3')
    ? await removeResources(context, params, site)
    : site.resources;
  const added = await registerResources(context, oxd_id, resources);
  await context.options.records.storeResources(oxd_id, [...(before ?? []), ...added]);
  return { oxd_id };
};

/** Deletes every registered resource: oxd does so before it registers new resources. */
async function removeResources(
  context: ServerContext,
  { overwrite }: ServerParams,
  { oxd_id, resources = [] }: ServerSite,
): Promise<readonly ProtectedResource[]> {
  if (resources.length === 0) return [];
  if (overwrite !== true) throw new CommandFailure('uma_protection_exists');
  const server = await protectionServer(context, 'uma_rs_protect', oxd_id);
  for (const { id } of resources) {
    const url = resourceUrl(server.uma.resource_registration_endpoint, id);
    const answer = await server.call({ method: 'DELETE', url });
    if (answer.status >= 400) throw responseFailure(context, 'resource', answer);
  }
  await context.options.records.storeResources(oxd_id, []);
  return [];
}

/** Registers resources one by one. Like oxd, stops at an invalid one and leaves those before it. */
async function registerResources(
  context: ServerContext,
  oxd_id: string,
  resources: readonly ServerResource[],
): Promise<readonly ProtectedResource[]> {
  const server = await protectionServer(context, 'uma_rs_protect', oxd_id);
  const added: ProtectedResource[] = [];
  for (const resource of resources) {
    for (const condition of conditionsOf(resource)) {
      const declared = newResource(resource, condition);
      const { name: _, times: __, ...stored } = declared;
      const id = await register(context, server, declared);
      added.push({ id, ...stored });
    }
  }
  return added;
}

async function register(
  context: ServerContext,
  server: AuthorizationServer,
  { name, scopes, scope_expression, times }: NewResource,
): Promise<string> {
  const url = server.uma.resource_registration_endpoint;
  const body = { name, resource_scopes: scopes, scope_expression, ...times };
  const answer = await server.call({ method: 'POST', url, body });
  const { _id: id } = propertiesOf(context, 'resource', answer);
  if (isResourceId(id)) return id;
  throw unexpected();
}
