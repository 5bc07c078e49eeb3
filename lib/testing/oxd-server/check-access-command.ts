import type { AuthorizationServer } from './authorization-servers.js';
import { type ServerCommand, type ServerContext } from './context.js';
import { matching, type ProtectedResource } from './protected-resource.js';
import { unexpected, CommandFailure } from './reply.js';
import { statusOfRpt } from './rpt.js';
import { propertiesOf, protectionServer } from './uma-replies.js';
import { textOf } from '../../base/json.js';

/**
 * When several resources match, 3.1.1 uses the first, later releases the last.
 *
 * @see oxd command uma_rs_check_access
 */
export const umaRsCheckAccess: ServerCommand = async (context, params, { oxd_id, resources }) => {
  const http_method = textOf(params.http_method);
  if (http_method === undefined) throw new CommandFailure('invalid_http_method');
  const path = textOf(params.path);
  if (path === undefined) throw new CommandFailure('invalid_path_parameter');
  const resource = matching(resources ?? [], path, http_method).at(context.since('3.1.2') ? -1 : 0);
  if (!resource) throw new CommandFailure('invalid_request');
  const server = await protectionServer(context, 'uma_rs_check_access', oxd_id);
  const rpt = textOf(params.rpt);
  if (rpt !== undefined && (await isRptValid(context, server, { rpt, resource })))
    return { access: 'granted', ticket: null, 'www-authenticate_header': null };
  const ticket = await ticketFor(context, server, resource);
  return { access: 'denied', ticket, 'www-authenticate_header': challenge(server, ticket) };
};

async function isRptValid(
  context: ServerContext,
  server: AuthorizationServer,
  { rpt, resource }: { readonly rpt: string; readonly resource: ProtectedResource },
): Promise<boolean> {
  const { active, permissions } = await statusOfRpt(context, server, rpt);
  // 3.1.1 accepts a token of this kind for every resource.
  const matchesAnyResource = rpt.startsWith('gat_') && !context.since('3.1.2');
  const fits = (permissions ?? []).some(
    ({ resource_id, resource_scopes }) =>
      (matchesAnyResource || resource_id === resource.id) &&
      resource_scopes.some((scope) => resource.scopes.includes(scope)),
  );
  return active && fits;
}

/** Requests a permission ticket; statuses 400 and 401 become `internal_error`, as in oxd. */
async function ticketFor(
  context: ServerContext,
  server: AuthorizationServer,
  { id, ticketScopes }: ProtectedResource,
): Promise<string> {
  const url = server.uma.permission_endpoint;
  const body = { resource_id: id, resource_scopes: ticketScopes };
  const answer = await server.call({ method: 'POST', url, body });
  const ticket = textOf(propertiesOf(context, answer, [400, 401]).ticket);
  if (ticket === undefined) throw unexpected();
  return ticket;
}

/** Challenge, character for character as oxd builds it. */
function challenge({ site }: AuthorizationServer, ticket: string): string {
  return `UMA realm="rs",as_uri="${site.op_host}",error="insufficient_scope",ticket="${ticket}"`;
}
