import { within, type Release, type Span } from '../base/oxd-releases.js';
import { OxdCommandError } from '../base/errors.js';
import { textOf, type JsonObject } from '../base/json.js';
import { httpsPath, isRest } from '../commands/dialect/https-paths.js';
import { encodeParams } from '../commands/envelope.js';
import { isRepeatable } from '../commands/repeatable-commands.js';
import type { HttpsRequest } from './https-call.js';
import { LOST_REPLY } from './text-reply.js';

/** Commands that oxd executes without a protection token, with the releases that do. */
const WITHOUT_TOKEN: Readonly<Record<string, Span>> = {
  setup_client: {},
  get_client_token: {},
  get_access_token_by_refresh_token: { until: '3.1.3' },
  introspect_access_token: { until: '3.1.3' },
  introspect_rpt: { until: '3.1.3' },
};

/** Returns true if a release may require a protection token for a command. */
export function mayRequireToken(release: Release, command: string): boolean {
  const span = Object.hasOwn(WITHOUT_TOKEN, command) ? WITHOUT_TOKEN[command] : undefined;
  return !span || !within(release, span);
}

/**
 * Converts a command to an HTTP request: token and site of the authorization are headers, the other
 * parameters the body.
 *
 * @param prefix path of `transport.url`, without a final slash
 * @throws {OxdCommandError} OXD_COMMAND_UNSUPPORTED if the release has no path for the command;
 *   OXD_COMMAND_FAILED, `bad_request`, for parameters that cannot be sent
 */
export function toHttpsRequest(
  { version, prefix }: { readonly version: Release; readonly prefix: string },
  command: string,
  params: JsonObject,
): HttpsRequest {
  const path = httpsPath(version, command);
  if (path === undefined) throw unsupported(version, command);
  const { protection_access_token, authorization_oxd_id, ...others } = params ?? {};
  const token = headerValue(command, { protection_access_token });
  const oxdId = headerValue(command, { authorization_oxd_id });
  return {
    command,
    path: prefix + path,
    headers: {
      ...HEADERS,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(oxdId !== undefined && { AuthorizationOxdId: oxdId }),
    },
    body: encodeParams(command, others),
    isRepeatable: isRepeatable(command),
    // After an internal error, the pool of the extension has a connection that oxd-server closed.
    ...(version === '3.1.4' && { lostReply: LOST_REPLY }),
  };
}

const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json',
  // Without this header a server may compress the response.
  'accept-encoding': 'identity',
};

/** Returns the value of a parameter for a header; undefined if it is missing or blank. */
function headerValue(command: string, param: JsonObject): string | undefined {
  const [[name, value] = []] = Object.entries(param);
  const text = textOf(value);
  if (text === undefined || /^[\x21-\x7e]+$/.test(text)) return text;
  const message = `${command} was not sent: ${name} contains characters that a header cannot carry.`;
  throw new OxdCommandError(message, { error: 'bad_request' }, { command });
}

function unsupported(version: Release, command: string): OxdCommandError {
  const api = isRest(version) ? 'the REST API' : 'the HTTPS extension';
  const message = `${command} was not sent: ${api} of oxd ${version} has no path for it. Check transport.version.`;
  const details = { command, code: 'OXD_COMMAND_UNSUPPORTED' } as const;
  return new OxdCommandError(message, { error: 'unsupported_operation' }, details);
}
