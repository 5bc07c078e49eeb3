import type { OxdCommandError } from '../../base/errors.js';
import { isJsonObject } from '../../base/json.js';
import { within, type Span } from '../../base/oxd-releases.js';
import type { CommandName } from '../command.js';
import { isRest } from './https-paths.js';
import { isOxd4Code } from './oxd-4-codes.js';
import type { Call } from './results.js';

/** Error code of some releases with its name in the contract. */
interface RenamedCode extends Span {
  readonly as: string;
  /** Renames the code only in the response to this command, and with this description. */
  readonly of?: { readonly command: CommandName; readonly description: RegExp };
}

/** Error codes whose names, or meanings, differ between releases. */
const RENAMED: Readonly<Record<string, RenamedCode>> = {
  blank_access_token: { since: '4.0', as: 'blank_protection_access_token' },
  invalid_access_token: { since: '4.0', as: 'invalid_protection_access_token' },
  inactive_access_token: { since: '4.0', as: 'inactive_protection_access_token' },
  access_token_insufficient_scope: {
    since: '4.0',
    as: 'protection_access_token_insufficient_scope',
  },
  invalid_redirect_uri: { since: '4.0', as: 'invalid_authorization_redirect_uri' },
  // The misspelling is that of oxd 3.1.
  invalid_scope_expressioin: { until: '3.1.4', as: 'invalid_scope_expression' },
  // oxd 4 has one code for an unknown state and for a code that the provider rejected.
  bad_request: {
    since: '4.0',
    as: 'invalid_grant',
    of: { command: 'get_tokens_by_code', description: /^'code' is invalid/ },
  },
};

/** Error codes after which a part of a command may have been executed. */
const PARTIALLY_EXECUTED: { readonly [C in CommandName]?: RegExp } = {
  // Registers the client, then checks the protection token, or the response of the provider.
  register_site:
    /^(?:http_status_\d{3}|\w+_protection_access_token|protection_access_token_\w+|no_setup_client_for_oxd_id|invalid_introspection_response|no_client_(?:id|secret)_returned)$/,
  // Sends the code to the provider.
  get_tokens_by_code: /^invalid_grant$/,
  // Registers one resource after another, and with overwrite deletes others first.
  uma_rs_protect: /^http_status_\d{3}$/,
  // Obtains the RPT, which spends the ticket, then introspects it.
  uma_rp_get_rpt: /^http_status_\d{3}$/,
};

const SERVER_ERROR = /^http_status_5\d\d$/;

/** Returns true for a body of the provider or the authorization server, which oxd 4 passes on. */
function isForeign(call: Call, error: OxdCommandError): boolean {
  if (hasBareBody(call, error)) return true;
  return isRest(call.version) && statusOf(error) !== undefined && !isOxd4Code(error.error);
}

/** Returns true for a body without the form of an error of oxd, such as that of `need_info`. */
export function hasBareBody({ version }: Call, { details }: OxdCommandError): boolean {
  return isRest(version) && isJsonObject(details);
}

/** Returns the HTTP status of a response of oxd 4. */
export function statusOf({ cause }: OxdCommandError): number | undefined {
  const { status } = Object(cause) as { status?: unknown };
  return typeof status === 'number' ? status : undefined;
}

/**
 * Returns the error code of the contract. The code in a body of another server means nothing here,
 * also if oxd has a code of that name: it becomes `http_status_NNN`, as in oxd 3.1.4.
 */
export function contractCode(call: Call, error: OxdCommandError): string {
  const status = statusOf(error);
  // oxd replaces the status of the response to an UMA token request.
  const isTokenError = call.command === 'uma_rp_get_rpt' && hasBareBody(call, error);
  const hasStatus = isForeign(call, error) && !isTokenError && status !== undefined;
  return hasStatus ? `http_status_${status}` : renamed(call, error);
}

function renamed({ version, command }: Call, error: OxdCommandError): string {
  const { error: code, error_description = '' } = error;
  const rule = Object.hasOwn(RENAMED, code) ? RENAMED[code] : undefined;
  if (!rule || version === 'contract' || !within(version, rule)) return code;
  const { as, of } = rule;
  return !of || (of.command === command && of.description.test(error_description)) ? as : code;
}

/** Returns true if an error of this code may leave a part of the command executed. */
export function hasPartlyRun(call: Call, error: OxdCommandError, code: string): boolean {
  const codes = PARTIALLY_EXECUTED[call.command];
  if (isForeign(call, error) && SERVER_ERROR.test(code)) return true;
  return codes !== undefined && (codes.test(code) || isForeign(call, error));
}
