import { SITE_PARAMETERS } from '../../site/site-parameters.js';
import type { CommandName, Params } from '../../commands/command.js';
import { OxdCommandError, printable } from '../../base/errors.js';
import { OperationError } from '../requests/operation-error.js';

/** Type of a parameter; `oxd` for one that only oxd-server supports. */
type Kind = 'oxd' | 'text' | 'number' | 'boolean' | 'texts' | 'map' | 'resources';

const KINDS: Record<
  Exclude<Kind, 'oxd'>,
  { readonly name: string; readonly fits: (value: unknown) => boolean }
> = {
  text: { name: 'a string', fits: isText },
  number: { name: 'a number', fits: Number.isFinite },
  boolean: { name: 'a boolean', fits: (value) => typeof value === 'boolean' },
  texts: {
    name: 'a list of strings',
    fits: (value) => Array.isArray(value) && value.every(isText),
  },
  map: { name: 'an object of strings', fits: isMap },
  resources: { name: 'a list of resources with conditions', fits: Array.isArray },
};

const SITE = { oxd_id: 'text', protection_access_token: 'text' } as const;

/** Parameters of a client that already exists at the provider. */
const GIVEN_CLIENT = {
  client_id: 'text',
  client_secret: 'text',
  client_registration_access_token: 'text',
  client_registration_client_uri: 'text',
} as const;

const REGISTRATION = {
  ...SITE_PARAMETERS,
  ...GIVEN_CLIENT,
  protection_access_token: 'text',
  op_host: 'text',
  op_discovery_path: 'text',
  op_configuration_endpoint: 'text',
  trusted_client: 'boolean',
  oxd_rp_programming_language: 'text',
} as const;

/** JSON type of every parameter of every command. */
const PARAMS: { readonly [C in CommandName]: Readonly<Record<keyof Params<C>, Kind>> } = {
  setup_client: { ...REGISTRATION, setup_client_name: 'text' },
  get_client_token: {
    op_host: 'text',
    op_discovery_path: 'text',
    op_configuration_endpoint: 'text',
    client_id: 'text',
    client_secret: 'text',
    scope: 'texts',
    authentication_method: 'oxd',
    algorithm: 'oxd',
    key_id: 'oxd',
  },
  register_site: REGISTRATION,
  update_site: {
    ...SITE,
    ...SITE_PARAMETERS,
    ...GIVEN_CLIENT,
    client_secret_expires_at: 'oxd',
    remove: 'texts',
  },
  remove_site: SITE,
  get_authorization_url: {
    ...SITE,
    scope: 'texts',
    acr_values: 'texts',
    prompt: 'text',
    hd: 'text',
    custom_parameters: 'map',
    params: 'map',
    state: 'text',
    nonce: 'text',
    redirect_uri: 'text',
    response_types: 'texts',
    keep_state: 'boolean',
  },
  get_tokens_by_code: {
    ...SITE,
    code: 'text',
    state: 'text',
    iss: 'text',
    code_verifier: 'text',
    nonce: 'text',
    redirect_uri: 'text',
    min_auth_time: 'number',
    authentication_method: 'oxd',
    algorithm: 'oxd',
  },
  get_access_token_by_refresh_token: { ...SITE, refresh_token: 'text', scope: 'texts' },
  get_user_info: { ...SITE, access_token: 'text', id_token: 'text' },
  get_logout_uri: {
    ...SITE,
    id_token_hint: 'text',
    post_logout_redirect_uri: 'text',
    state: 'text',
    session_state: 'text',
  },
  introspect_access_token: { ...SITE, access_token: 'text' },
  uma_rs_protect: { ...SITE, resources: 'resources', overwrite: 'boolean' },
  uma_rs_check_access: { ...SITE, path: 'text', http_method: 'text', rpt: 'text', scopes: 'texts' },
  uma_rp_get_rpt: {
    ...SITE,
    ticket: 'text',
    claim_token: 'text',
    claim_token_format: 'text',
    pct: 'text',
    rpt: 'text',
    scope: 'texts',
    state: 'text',
    params: 'map',
  },
  uma_rp_get_claims_gathering_url: {
    ...SITE,
    ticket: 'text',
    claims_redirect_uri: 'text',
    state: 'text',
    custom_parameters: 'map',
  },
  introspect_rpt: { ...SITE, rpt: 'text' },
};

/**
 * Returns the parameters of a command and checks their names and JSON types; null counts as omitted.
 *
 * @throws {OperationError} `bad_request` for a wrong type; the message names the parameter
 * @throws {OxdCommandError} OXD_COMMAND_UNSUPPORTED for an unknown parameter, and for one that only
 *   oxd-server supports
 */
export function checkParams<C extends CommandName>(command: C, params: unknown): Params<C> {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw new OperationError('bad_request', 'params: must be an object.');
  }
  const kinds: Readonly<Record<string, Kind>> = PARAMS[command];
  const checked: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) throw unknownParam(command, name);
    if (kind === 'oxd') throw onlyOxd(command, name);
    if (!KINDS[kind].fits(value)) {
      throw new OperationError('bad_request', `${name}: must be ${KINDS[kind].name}.`);
    }
    checked[name] = value;
  }
  return checked as Params<C>;
}

/** Error for a name that is not a parameter of a command, nor a property of one of its parameters. */
export function unknownParam(command: CommandName, name: string): OxdCommandError {
  return unsupported(command, `${printable(name)} is not a parameter of this command.`);
}

function onlyOxd(command: CommandName, name: string): OxdCommandError {
  const reason = `the embedded transport does not support ${name}, only oxd-server does.`;
  return unsupported(command, `${reason} Omit the parameter.`);
}

function unsupported(command: CommandName, reason: string): OxdCommandError {
  return new OxdCommandError(
    `${command} was not executed: ${reason}`,
    { error: 'unsupported_operation' },
    { code: 'OXD_COMMAND_UNSUPPORTED', command },
  );
}

/**
 * Returns the value of a required parameter.
 *
 * @throws {OperationError} `bad_request` if the value is missing or blank; the message names the
 *   parameter
 */
export function required(name: string, value: string | undefined): string {
  if (value !== undefined && value.trim() !== '') return value;
  throw new OperationError('bad_request', `${name}: must not be empty.`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(isText);
}
