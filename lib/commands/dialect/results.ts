import { decodeJwt } from 'jose';
import { OxdCommandError, OxdTransportError } from '../../base/errors.js';
import type { OxdVersion } from '../oxd-transport.js';
import type { CommandName } from '../command.js';
import { providerClaims } from '../provider-claims.js';
import { plainClaims } from './claims.js';
import { COMMAND_RULES } from '../command-rules.js';
import {
  isJsonObject,
  isNonEmptyString,
  isStringList,
  withoutUndefined,
  type JsonObject,
} from '../../base/json.js';
import { supports } from '../parameter-rules.js';
import { isRest } from './https-paths.js';
import { READERS, RESULT_PROPERTIES, type NamedRule, type PropertyRule } from './result-rules.js';

/** Command with its parameters, as context of its response. */
export interface Call {
  readonly version: OxdVersion;
  readonly command: CommandName;
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * Reads the response to a call by the table of its command.
 *
 * @throws {OxdCommandError} OXD_COMMAND_FAILED when the response hides a failure
 * @throws {OxdTransportError} OXD_TRANSPORT_MALFORMED when it is no response to this command
 */
export function readResult(call: Call, data: unknown): JsonObject {
  // oxd 4 returns null for an empty response of the provider.
  if (data === null && isRest(call.version)) throw failed(call, 'internal_error');
  if (!isJsonObject(data)) throw malformed(call, 'data');
  const result = isBareClaims(call) ? { claims: data } : withoutUndefined(data);
  readProperties(call, result);
  return COMPLETE[call.command]?.(call, result) ?? result;
}

/** oxd 4 returns the document of the provider without the property `claims`. */
function isBareClaims({ version, command }: Call): boolean {
  return command === 'get_user_info' && isRest(version);
}

function readProperties(call: Call, result: Record<string, unknown>): void {
  for (const rule of RESULT_PROPERTIES[call.command]) {
    const { name, alias } = rule;
    const value = readProperty(call, rule, result[name] ?? (alias && result[alias]));
    if (value !== undefined && value !== null) result[name] = value;
    else if (name in result) delete result[name];
    if (alias && alias in result) delete result[alias];
  }
}

function readProperty(call: Call, rule: NamedRule, value: unknown): unknown {
  const missing = isMissing(rule, value);
  if (missing && typeof rule.required === 'string') throw failed(call, rule.required);
  if (missing && rule.required) throw malformed(call, rule.name);
  if (missing) return undefined;
  const read = READERS[rule.kind](value);
  if (read === undefined) throw malformed(call, rule.name);
  return rule.kind === 'claims' ? readClaims(call, rule, read as JsonObject) : read;
}

/** oxd 4 omits empty strings or returns them, depending on the commands that it executed before. */
function isMissing({ required, kind }: PropertyRule, value: unknown): boolean {
  return value === undefined || (value === '' && (required !== undefined || kind === 'text'));
}

function readClaims(call: Call, rule: PropertyRule, claims: JsonObject): JsonObject {
  const isPlain = call.version === 'contract' || isRest(call.version);
  const plain = isPlain ? providerClaims(claims) : plainClaims(claims);
  if (rule.claims?.some((name) => plain[name] === undefined))
    throw failed(call, 'invalid_id_token');
  return plain;
}

type Complete = (call: Call, result: JsonObject) => JsonObject;

/** Checks and conversions that concern several properties of a result. */
const COMPLETE: { readonly [C in CommandName]?: Complete } = {
  get_user_info: (call, result) => {
    checkSubject(call, result.claims as JsonObject);
    return result;
  },
  get_authorization_url: checkResponseTypes,
  get_logout_uri: withHint,
  get_rp: checkNode,
  // A denial without a ticket hides that oxd could not obtain one.
  uma_rs_check_access: (call, result) => {
    const { access, ticket, 'www-authenticate_header': header } = result;
    if (access === 'denied' && !(ticket && header)) throw failed(call, 'internal_error');
    return result;
  },
  uma_rp_get_rpt: (call, result) => {
    const { token_type = 'Bearer' } = result;
    if (!/^bearer$/i.test(String(token_type))) throw failed(call, 'internal_error');
    const bearer = 'token_type' in result && { token_type: 'Bearer' };
    // UMA 2.0 Grant §3.3.5: a missing `upgraded` means false.
    return { upgraded: false, ...result, ...bearer };
  },
};

function checkNode(call: Call, result: JsonObject): JsonObject {
  const { node } = result;
  const isUnknown = node === undefined && !isRest(call.version);
  if (isUnknown && !call.params.list) throw unknownSite(call);
  const isList = call.params.list === true;
  if (node === undefined || Array.isArray(node) !== isList) throw malformed(call, 'node');
  return result;
}

function unknownSite({ command }: Call): OxdCommandError {
  const message = `${command} failed: oxd-server has no site with this oxd_id.`;
  return new OxdCommandError(message, { error: 'invalid_oxd_id' }, { command });
}

/** oxd silently uses the registered response types if the site has not registered those of the call. */
function checkResponseTypes(call: Call, result: JsonObject): JsonObject {
  const { version, command, params } = call;
  if (version === 'contract' || !isStringList(params.response_types)) return result;
  const { searchParams } = new URL(String(result.authorization_url));
  const requested = params.response_types.join(' ');
  if (requested === '' || searchParams.get('response_type') === requested) return result;
  const message = `${command} failed: the site has not registered these response types.`;
  const wire = { error: 'unsupported_response_type' };
  throw new OxdCommandError(message, wire, { command, mayHaveRun: true });
}

function withHint(call: Call, result: JsonObject): JsonObject {
  const hint = call.params.id_token_hint;
  if (typeof hint !== 'string' || isHintSent(call)) return result;
  const uri = new URL(String(result.uri));
  uri.searchParams.set('id_token_hint', hint);
  return { ...result, uri: uri.href };
}

/**
 * oxd 3.x reports success without claims both for a rejected access token and for a provider that
 * failed, so the error code blames neither.
 */
function checkSubject(call: Call, claims: JsonObject): void {
  if (!isNonEmptyString(claims.sub)) {
    const error = typeof claims.error === 'string' ? claims.error : 'internal_error';
    throw failed(call, error, claims.error_description);
  }
  const idToken = call.params.id_token;
  // oxd 4.2 and later compare only with `validate_user_info_with_id_token`, which is off by default.
  if (typeof idToken !== 'string' || call.version === 'contract') return;
  if (subjectOf(idToken) !== claims.sub) throw failed(call, 'invalid_subject_identifier');
}

function subjectOf(idToken: string): string | undefined {
  try {
    return decodeJwt(idToken).sub;
  } catch {
    return undefined;
  }
}

function isHintSent({ version }: Call): boolean {
  if (version === 'contract') return true;
  return supports(version, COMMAND_RULES.get_logout_uri.params.id_token_hint);
}

function failed({ command }: Call, error: string, description?: unknown): OxdCommandError {
  const wire =
    typeof description === 'string' ? { error, error_description: description } : { error };
  const isUma = command.startsWith('uma_');
  const server = isUma ? 'authorization server' : 'OpenID Provider';
  return new OxdCommandError(
    `${command} failed at the ${server}, although oxd reported success.`,
    wire,
    { command, mayHaveRun: true },
  );
}

function malformed({ command }: Call, property: string): OxdTransportError {
  return new OxdTransportError(
    'OXD_TRANSPORT_MALFORMED',
    `The response to ${command} is invalid: ${property} is missing or of the wrong type.`,
    { command, mayHaveRun: true },
  );
}
