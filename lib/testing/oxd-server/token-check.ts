import type { CommandName } from '../../commands/command.js';
import type { ServerContext } from './context.js';
import { providerStatus, textOf } from './context.js';
import { unexpected, WireRefusal } from './reply.js';
import type { ServerParams } from './request.js';
import type { ServerSite } from './store.js';

const NEVER: ReadonlySet<CommandName> = new Set(['setup_client', 'get_client_token']);
const SINCE_3_1_4: ReadonlySet<CommandName> = new Set([
  'get_access_token_by_refresh_token',
  'introspect_access_token',
  'introspect_rpt',
]);

/** Whether a command needs no token though commands are protected: the setup client's own update. */
export function isExempt(
  context: ServerContext,
  command: CommandName,
  site: ServerSite | undefined,
): boolean {
  return command === 'update_site' && site?.isSetup === true && context.since('3.1.2');
}

/**
 * Refuses a protected command without a token, which oxd does before it looks for the site.
 *
 * @throws {WireRefusal} blank_protection_access_token
 */
export function checkTokenGiven(
  context: ServerContext,
  command: CommandName,
  params: ServerParams,
): void {
  if (!context.options.protectCommands || !takesPart(context, command)) return;
  if (!textOf(params.protection_access_token))
    throw new WireRefusal('blank_protection_access_token');
}

/**
 * Checks the token of a command of a site.
 *
 * @throws {WireRefusal} naming what is wrong with it
 */
export async function checkToken(
  context: ServerContext,
  { command, params }: { readonly command: CommandName; readonly params: ServerParams },
  site: ServerSite,
): Promise<void> {
  const token = textOf(params.protection_access_token);
  if (!takesPart(context, command) || !token) return;
  // Up to 3.1.3 a token is checked though none is needed.
  if (!context.options.protectCommands && context.since('3.1.4')) return;
  if (!site.setup_client_id) throw new WireRefusal('no_setup_client_for_oxd_id');
  const owner = await ownerOf(context, site.setup_oxd_id, token);
  if (owner !== site.setup_client_id) throw new WireRefusal('invalid_protection_access_token');
}

/**
 * Checks the token of `register_site` with the new site's own means, as oxd does whether commands
 * are protected or not; the site then belongs to the token's client.
 *
 * @throws {WireRefusal} naming what is wrong with it
 */
export async function checkNewSite(
  context: ServerContext,
  params: ServerParams,
  oxd_id: string,
): Promise<void> {
  const { grant_types, scope } = params;
  const token = textOf(params.protection_access_token);
  if (!token) return;
  const mayIntrospect =
    listed(grant_types).includes('client_credentials') && listed(scope).includes('uma_protection');
  if (!mayIntrospect) throw unexpected();
  const setup_client_id = await ownerOf(context, oxd_id, token);
  await context.options.records.keep({ oxd_id, setup_client_id, setup_oxd_id: oxd_id });
}

async function ownerOf(
  context: ServerContext,
  oxd_id: string | undefined,
  access_token: string,
): Promise<string> {
  const { active, client_id, scope } = await context
    .run('introspect_access_token', { oxd_id, access_token })
    .catch((error: unknown) => {
      throw introspectionFailed(context, providerStatus(error));
    });
  // 3.1.1 reads no answer with a member that it does not know; for scopes it knows `scopes`.
  if (scope !== undefined && !context.since('3.1.2')) throw unexpected();
  if (!active) throw new WireRefusal('inactive_protection_access_token');
  if (!client_id)
    throw context.since('3.1.2') ? new WireRefusal('invalid_introspection_response') : unexpected();
  if (context.since('3.1.4') && !scope?.split(' ').includes('oxd'))
    throw new WireRefusal('protection_access_token_insufficient_scope');
  return client_id;
}

function introspectionFailed(context: ServerContext, status = 0): WireRefusal {
  return context.since('3.1.4') && status >= 400
    ? new WireRefusal(`http_status_${status}`)
    : unexpected();
}

function takesPart(context: ServerContext, command: CommandName): boolean {
  return !NEVER.has(command) && (context.since('3.1.4') || !SINCE_3_1_4.has(command));
}

function listed(value: ServerParams[string]): readonly string[] {
  return Array.isArray(value) ? value : [];
}
