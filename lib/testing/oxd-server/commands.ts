import type { CommandName } from '../../commands/command.js';
import { type ServerCommand, type ServerContext } from './context.js';
import {
  getAccessTokenByRefreshToken,
  getAuthorizationUrl,
  getTokensByCode,
  getUserInfo,
  introspectAccessToken,
} from './login-commands.js';
import { getLogoutUri } from './logout-command.js';
import { checkToken, checkTokenGiven, isExempt } from './token-check.js';
import {
  getClientToken,
  registerSite,
  removeSite,
  setupClient,
  updateSite,
} from './site-commands.js';
import { getRp } from './get-rp-command.js';
import { CommandFailure } from './reply.js';
import type { ServerParams } from './request.js';
import { introspectRpt } from './rpt.js';
import { umaRpGetClaimsGatheringUrl, umaRpGetRpt } from './rpt-commands.js';
import { umaRsCheckAccess } from './check-access-command.js';
import { umaRsModify } from './modify-command.js';
import { umaRsProtect } from './protect-command.js';
import { getRestClientToken, registerRestSite, updateRestSite } from './rest-registration.js';
import { checkAccessToken, knownSite } from './rest-token-check.js';
import { getRestUserInfo, introspectRestAccessToken } from './rest-user-commands.js';
import { textOf } from '../../base/json.js';

const COMMANDS: { readonly [C in CommandName]: ServerCommand } = {
  setup_client: setupClient,
  get_client_token: getClientToken,
  register_site: registerSite,
  update_site: updateSite,
  remove_site: removeSite,
  get_rp: getRp,
  get_authorization_url: getAuthorizationUrl,
  get_tokens_by_code: getTokensByCode,
  get_access_token_by_refresh_token: getAccessTokenByRefreshToken,
  get_user_info: getUserInfo,
  get_logout_uri: getLogoutUri,
  introspect_access_token: introspectAccessToken,
  uma_rs_protect: umaRsProtect,
  uma_rs_modify: umaRsModify,
  uma_rs_check_access: umaRsCheckAccess,
  uma_rp_get_rpt: umaRpGetRpt,
  uma_rp_get_claims_gathering_url: umaRpGetClaimsGatheringUrl,
  introspect_rpt: introspectRpt,
};

const WITHOUT_SITE: ReadonlySet<CommandName> = new Set([
  'setup_client',
  'get_client_token',
  'register_site',
  // `get_rp` looks up its site itself.
  'get_rp',
]);

/** Commands of oxd 4 whose execution differs as a whole. */
const REST_COMMANDS: { readonly [C in CommandName]?: ServerCommand } = {
  get_client_token: getRestClientToken,
  register_site: registerRestSite,
  update_site: updateRestSite,
  get_user_info: getRestUserInfo,
  introspect_access_token: introspectRestAccessToken,
};

/**
 * Executes a command with oxd's checks, in oxd's order.
 *
 * @returns the data of the reply
 * @throws {CommandFailure} with oxd's error code
 */
export async function executeCommand(
  context: ServerContext,
  command: CommandName,
  params: ServerParams,
): Promise<object> {
  if (context.isRest) return executeRest(context, command, params);
  const work = COMMANDS[command];
  if (WITHOUT_SITE.has(command)) {
    checkTokenGiven(context, command, params);
    return work(context, params, { oxd_id: '' });
  }
  const oxd_id = textOf(params.oxd_id);
  if (!oxd_id) throw new CommandFailure('bad_request');
  const found = await context.options.records.site(oxd_id);
  const needsNoToken = isExempt(context, command, found);
  if (!needsNoToken) checkTokenGiven(context, command, params);
  // oxd checks the state before it looks up the site.
  if (command === 'get_tokens_by_code') await checkState(context, params);
  const site = found ?? context.unknownSite();
  if (!needsNoToken) await checkToken(context, { command, params }, site);
  return work(context, params, site);
}

/** oxd 4 checks the token outside of the command, and the site before everything else in it. */
async function executeRest(
  context: ServerContext,
  command: CommandName,
  params: ServerParams,
): Promise<object> {
  const work = REST_COMMANDS[command] ?? COMMANDS[command];
  await checkAccessToken(context, command, params);
  if (WITHOUT_SITE.has(command)) return work(context, params, { oxd_id: '' });
  const oxd_id = textOf(params.oxd_id);
  if (!oxd_id) throw new CommandFailure('bad_request');
  return work(context, params, await knownSite(context, oxd_id));
}

async function checkState(context: ServerContext, params: ServerParams): Promise<void> {
  const state = textOf(params.state);
  const given = textOf(params.code) && state;
  if (!given || !(await context.options.records.login(state)))
    throw new CommandFailure('bad_request');
}
