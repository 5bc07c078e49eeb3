import { isResourceId, resourceUrl } from '../../embedded/resources/resource-description.js';
import type { AuthorizationServer } from './authorization-servers.js';
import type { ServerCommand, ServerContext } from './context.js';
import {
  checkResources,
  conditionsOf,
  newResource,
  type NewResource,
  type ProtectedResource,
} from './protected-resource.js';
import { unexpected, WireRefusal } from './reply.js';
import type { ServerParams } from './request.js';
import { type ServerResource, ServerResources } from './resource-params.js';
import type { ServerSite } from './store.js';
import { membersOf, protectionServer, refusal } from './uma-replies.js';

/** Up to 3.1.2 it adds to what is there. @see oxd command uma_rs_protect */
export const umaRsProtect: ServerCommand = async (context, params, site) => {
  const resources = params.resources instanceof ServerResources ? params.resources.list : [];
  if (resources.length === 0) throw new WireRefusal('invalid_uma_request');
  if (context.since('3.1.2')) checkResources(resources);
  const { oxd_id } = site;
  const before = context.since('3.1.3') ? await madeRoom(context, params, site) : site.resources;
  const added = await registered(context, oxd_id, resources);
  await context.options.records.keepResources(oxd_id, [...(before ?? []), ...added]);
  return { oxd_id };
};

/** oxd removes every resource before it registers others. */
async function madeRoom(
  context: ServerContext,
  { overwrite }: ServerParams,
  { oxd_id, resources = [] }: ServerSite,
): Promise<readonly ProtectedResource[]> {
  if (resources.length === 0) return [];
  if (overwrite !== 'true') throw new WireRefusal('uma_protection_exists');
  const server = await protectionServer(context, 'uma_rs_protect', oxd_id);
  for (const { id } of resources) {
    const url = resourceUrl(server.uma.resource_registration_endpoint, id);
    const answer = await server.call({ method: 'DELETE', url });
    if (answer.status >= 400) throw refusal(context, answer);
  }
  await context.options.records.keepResources(oxd_id, []);
  return [];
}

/** One after the other: what is missing in one is found when those before it are registered. */
async function registered(
  context: ServerContext,
  oxd_id: string,
  resources: readonly ServerResource[],
): Promise<readonly ProtectedResource[]> {
  const server = await protectionServer(context, 'uma_rs_protect', oxd_id);
  const added: ProtectedResource[] = [];
  for (const resource of resources) {
    for (const condition of conditionsOf(resource)) {
      const asked = newResource(resource, condition);
      const { path, http_methods, scopes, ticketScopes } = asked;
      const id = await register(context, server, asked);
      added.push({ id, path, http_methods, scopes, ticketScopes });
    }
  }
  return added;
}

async function register(
  context: ServerContext,
  server: AuthorizationServer,
  { name, scopes, scope_expression }: NewResource,
): Promise<string> {
  const url = server.uma.resource_registration_endpoint;
  const body = { name, resource_scopes: scopes, scope_expression };
  const answer = await server.call({ method: 'POST', url, body });
  const { _id: id } = membersOf(context, answer);
  if (isResourceId(id)) return id;
  throw unexpected();
}
