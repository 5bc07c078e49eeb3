import type { AuthorizationServer } from './authorization-servers.js';
import { type ServerCommand, type ServerContext } from './context.js';
import { matching, type ProtectedResource } from './protected-resource.js';
import { unexpected, CommandFailure } from './reply.js';
import { introspected, rptStatus } from './rpt.js';
import { propertiesOf, protectionServer } from './uma-replies.js';
import { listOf } from './site-commands.js';
import { textOf } from '../../base/json.js';

/**
 * When several resources match, 3.1.1 uses the first, later releases the last.
 *
 * @see oxd command uma_rs_check_access
 */
export const umaRsCheckAccess: ServerCommand = async (context, params, site) => {
  const { oxd_id, op_host, resources } = site;
  const http_method = textOf(params.http_method);
  if (http_method === undefined) throw new CommandFailure('invalid_http_method');
  const path = textOf(params.path);
  if (path === undefined) throw new CommandFailure('invalid_path_parameter');
  const found = matching(resources ?? [], path, http_method).at(context.since('3.1.2') ? -1 : 0);
  if (!found) throw new CommandFailure('invalid_request');
  const resource = withScopes(found, listOf(params.scopes));
  const server = await protectionServer(context, 'uma_rs_check_access', oxd_id);
  const rpt = textOf(params.rpt);
  if (rpt !== undefined && (await isRptValid(context, server, { rpt, resource })))
    return { access: 'granted', ticket: null, 'www-authenticate_header': null };
  const ticket = await ticketFor(context, server, resource);
  const as_uri = op_host ?? server.site.op_host;
  return { access: 'denied', ticket, 'www-authenticate_header': challenge(as_uri, ticket) };
};

/** Scopes in the command replace those of the resource. */
function withScopes(
  resource: ProtectedResource,
  scopes: readonly string[] | undefined,
): ProtectedResource {
  return scopes ? { ...resource, scopes, ticketScopes: scopes } : resource;
}

async function isRptValid(
  context: ServerContext,
  server: AuthorizationServer,
  { rpt, resource }: { readonly rpt: string; readonly resource: ProtectedResource },
): Promise<boolean> {
  const status = rptStatus(context, await introspected(server, rpt));
  if (!status?.active) return false;
  // 3.1.1 accepts a token of this kind for every resource.
  const matchesAnyResource = rpt.startsWith('gat_') && !context.since('3.1.2');
  return (status.permissions ?? []).some(
    ({ resource_id, resource_scopes }) =>
      (matchesAnyResource || resource_id === resource.id) &&
      resource_scopes.some((scope) => resource.scopes.includes(scope)),
  );
}

/** Requests a permission ticket. */
async function ticketFor(
  context: ServerContext,
  server: AuthorizationServer,
  { id, ticketScopes }: ProtectedResource,
): Promise<string> {
  const url = server.uma.permission_endpoint;
  const body = { resource_id: id, resource_scopes: ticketScopes };
  const answer = await server.call({ method: 'POST', url, body });
  const ticket = textOf(propertiesOf(context, 'ticket', answer).ticket);
  if (ticket === undefined) throw unexpected();
  return ticket;
}

/** Challenge, character for character as oxd builds it. */
function challenge(as_uri: string, ticket: string): string {
  return `UMA realm="rs",as_uri="${as_uri}",error="insufficient_scope",ticket="${ticket}"`;
}
