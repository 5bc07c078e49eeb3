import type { CommandName } from '../../commands/command.js';
import type { ProviderResponse } from '../../embedded/requests/provider-http.js';
import { isJsonObject, parseJson, textOf, type JsonObject } from '../../base/json.js';
import type { ServerContext } from './context.js';
import { bare, frameworkFailure } from './exact-reply.js';
import { CommandFailure } from './reply.js';
import type { ServerParams } from './request.js';
import type { ServerSite } from './store.js';
import { scopesIn } from './values.js';

/** Commands that oxd 4.2 and later never protect. */
const UNPROTECTED: ReadonlySet<string> = new Set([
  'register_site',
  'update_site',
  'remove_site',
  'get_client_token',
  'get_rp',
]);

/** Length of `Bearer ` in the header; oxd does not look at these characters. */
const PREFIX_LENGTH = 7;

/**
 * Checks the token of a command as 4.2 and later do, outside the command: the token must belong to the
 * client of the site, or of the site that the header `AuthorizationOxdId` names.
 *
 * @throws {CommandFailure} with the error code for the invalid token or site
 */
export async function checkAccessToken(
  context: ServerContext,
  command: CommandName,
  params: ServerParams,
): Promise<void> {
  if (UNPROTECTED.has(command)) return;
  const named = textOf(params.authorization_oxd_id);
  const owner = named === undefined ? undefined : await knownSite(context, named);
  if (!context.options.protectCommands) return;
  const token = tokenIn(textOf(params.protection_access_token));
  const oxd_id = textOf(params.oxd_id);
  if (!owner && oxd_id === undefined) throw frameworkFailure();
  const site = owner ?? (await knownSite(context, oxd_id ?? ''));
  await checkOwner(context, site, await introspection(context, site, token));
}

/** @throws {CommandFailure} invalid_oxd_id */
export async function knownSite(context: ServerContext, oxd_id: string): Promise<ServerSite> {
  return (await context.options.records.site(oxd_id)) ?? context.unknownSite();
}

function tokenIn(header: string | undefined): string {
  if (header === undefined) throw new CommandFailure('blank_access_token');
  if (header.length < PREFIX_LENGTH) throw frameworkFailure();
  const token = header.slice(PREFIX_LENGTH);
  if (token.trim() === '') throw new CommandFailure('blank_access_token');
  return token;
}

async function checkOwner(
  context: ServerContext,
  { oxd_id }: ServerSite,
  { active, client_id, scope }: JsonObject,
): Promise<void> {
  if (active !== true) throw new CommandFailure('inactive_access_token');
  if (!textOf(client_id)) throw new CommandFailure('invalid_introspection_response');
  if (!scopesIn(scope).includes('oxd')) throw new CommandFailure('access_token_insufficient_scope');
  const { client } = await context.options.servers.site(oxd_id);
  if (client_id !== client.client_id) throw new CommandFailure('invalid_access_token');
}

async function introspection(
  context: ServerContext,
  { oxd_id }: ServerSite,
  token: string,
): Promise<JsonObject> {
  const answer = await introspect(context, oxd_id, token);
  // 4.5 passes the response of the provider on as if it were its own.
  if (answer.status >= 400 && context.since('4.5')) throw bare(answer.status, answer.text);
  const properties = answer.status < 400 ? parseJson(answer.text) : undefined;
  if (!isJsonObject(properties)) throw frameworkFailure();
  return properties;
}

/** @throws {CommandFailure} the failure of the web framework when no response arrives */
async function introspect(
  { options: { servers } }: ServerContext,
  oxd_id: string,
  token: string,
): Promise<ProviderResponse> {
  try {
    const provider = await servers.providerOf('introspect_access_token', oxd_id);
    return await provider.introspect(token);
  } catch {
    throw frameworkFailure();
  }
}
