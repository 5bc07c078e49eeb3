import type { Params, Result } from '../../commands/command.js';
import { OxdTransportError } from '../../base/errors.js';
import { withKnownRecords, withKnownSite } from '../context/current-records.js';
import type { OperationContext, Operation } from '../context/operation-context.js';
import { decide } from '../decision/decision.js';
import { ProtectionApi, type SiteAtServer } from '../protection-api/protection-api.js';
import { rptCoverage } from '../rpt/rpt-coverage.js';
import { neededPermission } from '../rpt/needed-permission.js';
import { ticketScopes } from '../resources/declared-resource.js';
import { withAdministeredResource } from '../resources/administered-resource.js';
import { knownResource, type KnownResource } from '../resources/known-resource.js';
import { checkMode, checkNamed, missingAtServer } from '../resources/named-resource.js';
import { permissionTicket, type PermissionRequest } from '../rpt/permission-ticket.js';

type Command = 'uma_rs_check_access';

/** Check of one resource, by the mode. */
type CheckResource = (
  context: OperationContext,
  params: Params<Command>,
  known: KnownResource,
) => Promise<Result<Command>>;

/**
 * Decides on a request: granted if its RPT covers the resource, else denied with a ticket. Without
 * an RPT, and for a JWT that is verified locally, nothing is introspected. `invalid_request` means
 * that this path and method are not protected, or that the authorization server no longer knows the
 * resource, which `uma_rs_protect` registers again. Access is not granted if JWT and introspection
 * name different users, or if the user is unknown because no key for the JWT was found
 * (`key_id_not_found`).
 *
 * With `mode: 'decision'` the authorization server decides about an access token; a denial then has no
 * ticket, and `invalid_token` means that the server does not accept the token. `resource` replaces path
 * and method; `invalid_resource` means that the authorization server has no such resource.
 *
 * @throws {OxdTransportError} OXD_TRANSPORT_BUSY when too many requests wait for a ticket,
 *   or too little time is left for one
 * @see oxd command uma_rs_check_access; UMA 2.0 Grant §3.2, UMA Federated Authorization §4, §5
 */
export const umaRsCheckAccess: Operation<Command> = (context, params) => {
  checkMode(params);
  const { resource, rpt = '', mode } = params;
  const withoutDecision = rpt.trim() === '' ? deny : checkRpt;
  const check = mode === 'decision' ? decide : withoutDecision;
  if (resource !== undefined) return checkAdministered(context, { ...params, resource }, check);
  checkNamed(params);
  return withKnownRecords(
    context,
    () => knownResource(context, params),
    (known) => check(context, params, known),
  );
};

function checkAdministered(
  context: OperationContext,
  params: Params<Command> & { readonly resource: string },
  check: CheckResource,
): Promise<Result<Command>> {
  const { resource: name } = params;
  return withKnownSite(context, params.oxd_id, (site) =>
    withAdministeredResource(context, { site, name }, params, (resource) =>
      check(context, params, { site, resource }),
    ),
  );
}

const checkRpt: CheckResource = async (context, params, known) => {
  const { site, resource } = known;
  const { rpt = '' } = params;
  const { runtime } = context;
  const found = runtime.umaServers.at(site);
  const at = { site, server: found instanceof Promise ? await found : found };
  const needed = neededPermission(runtime, resource, params);
  const coverage = await rptCoverage(context, at, { rpt, needed });
  if (coverage) return { access: 'granted', ...coverage };
  return await deny(context, params, known);
};

const deny: CheckResource = async (context, { scopes = [] }, { site, resource }) => {
  const { id: resource_id } = resource;
  const resource_scopes = scopes.length > 0 ? scopes : ticketScopes(resource);
  const found = context.runtime.umaServers.at(site);
  const server = found instanceof Promise ? await found : found;
  const ticket = await queuedTicket(context, { site, server }, { resource_id, resource_scopes });
  if (ticket === undefined) {
    context.runtime.uma.rpts.clearResource(site, resource_id);
    throw missingAtServer(resource);
  }
  const { issuer: as_uri } = server;
  const header = challenge(as_uri, ticket);
  return { access: 'denied', 'www-authenticate_header': header, ticket, as_uri };
};

/**
 * Obtains a ticket through a queue: every request without an RPT needs a ticket, and the queue
 * limits how many of them reach the authorization server in parallel. An aborted request holds its
 * place until the server has responded or the request for the ticket has timed out: the server still
 * works on it.
 */
function queuedTicket(
  context: OperationContext,
  { site, server }: SiteAtServer,
  request: PermissionRequest,
): Promise<string | undefined> {
  const { call, runtime } = context;
  const { command, signal } = call;
  const shared = new ProtectionApi(context.detached(), site, server);
  const ticket = runtime.uma.tickets.run({ key: server.issuer, signal }, () => {
    return context.hasTimeLeft ? permissionTicket(shared, request) : Promise.reject(busy(command));
  });
  if (ticket) return ticket;
  throw busy(command);
}

function busy(command: string): OxdTransportError {
  const message = 'Too many requests wait for a ticket of the authorization server.';
  return new OxdTransportError('OXD_TRANSPORT_BUSY', message, { command });
}

/** Header in the form of oxd, with quotes in the ticket escaped. */
function challenge(issuer: string, ticket: string): string {
  const quoted = ticket.replace(/["\\]/g, '\\$&');
  return `UMA realm="rs",as_uri="${issuer}",error="insufficient_scope",ticket="${quoted}"`;
}
