import type { CommandName } from '../../commands/command.js';
import { within, type Release } from '../../base/oxd-releases.js';
import type { ServerContext } from './context.js';
import { providerStatus } from './context.js';
import { unexpected, CommandFailure } from './reply.js';
import type { ServerParams } from './request.js';
import type { ServerSite } from './store.js';
import { textOf } from '../../base/json.js';

const NEVER_PROTECTED: ReadonlySet<CommandName> = new Set([
  'setup_client',
  'get_client_token',
  'get_rp',
]);
const PROTECTED_SINCE_3_1_4: ReadonlySet<CommandName> = new Set([
  'get_access_token_by_refresh_token',
  'introspect_access_token',
  'introspect_rpt',
]);

/** True for an update of the setup client itself, which needs no token even in protected mode. */
export function isExempt(
  context: ServerContext,
  command: CommandName,
  site: ServerSite | undefined,
): boolean {
  return command === 'update_site' && site?.isSetup === true && context.since('3.1.2');
}

/**
 * Rejects a protected command without a token. oxd does so before it looks up the site.
 *
 * @throws {CommandFailure} blank_protection_access_token
 */
export function checkTokenGiven(
  context: ServerContext,
  command: CommandName,
  params: ServerParams,
): void {
  const { protectCommands, release } = context.options;
  if (!protectCommands || !isProtected(release, command)) return;
  if (!textOf(params.protection_access_token))
    throw new CommandFailure('blank_protection_access_token');
}

/**
 * Checks the token of a command of a site.
 *
 * @throws {CommandFailure} with the error code for the invalid token
 */
export async function checkToken(
  context: ServerContext,
  { command, params }: { readonly command: CommandName; readonly params: ServerParams },
  site: ServerSite,
): Promise<void> {
  const token = textOf(params.protection_access_token);
  if (!isProtected(context.options.release, command) || !token) return;
  // Up to 3.1.3, oxd checks a token even if commands need none.
  if (!context.options.protectCommands && context.since('3.1.4')) return;
  if (!site.setup_client_id) throw new CommandFailure('no_setup_client_for_oxd_id');
  const owner = await ownerOf(context, site.setup_oxd_id, token);
  if (owner !== site.setup_client_id) throw new CommandFailure('invalid_protection_access_token');
}

/**
 * Checks the token of `register_site` with the PAT of the new site, as oxd does even if commands
 * need no token. Afterwards the site belongs to the client of the token.
 *
 * @throws {CommandFailure} with the error code for the invalid token
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
  await context.options.records.save({ oxd_id, setup_client_id, setup_oxd_id: oxd_id });
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
  // 3.1.1 rejects a response with an unknown property; it knows `scopes`, but not `scope`.
  if (scope !== undefined && !context.since('3.1.2')) throw unexpected();
  if (!active) throw new CommandFailure('inactive_protection_access_token');
  if (!client_id)
    throw context.since('3.1.2')
      ? new CommandFailure('invalid_introspection_response')
      : unexpected();
  if (context.since('3.1.4') && !scope?.split(' ').includes('oxd'))
    throw new CommandFailure('protection_access_token_insufficient_scope');
  return client_id;
}

function introspectionFailed(context: ServerContext, status = 0): CommandFailure {
  return context.since('3.1.4') && status >= 400
    ? new CommandFailure(`http_status_${status}`)
    : unexpected();
}

/** True for a command that needs a protection token when commands are protected. */
export function isProtected(release: Release, command: CommandName): boolean {
  const isSince = within(release, { since: '3.1.4' }) || !PROTECTED_SINCE_3_1_4.has(command);
  return !NEVER_PROTECTED.has(command) && isSince;
}

function listed(value: ServerParams[string]): readonly string[] {
  return Array.isArray(value) ? value : [];
}
