import { invalidRequest, OAuthError } from './oauth-response.js';
import type { SandboxResource } from './policy.js';
import { isJsonObject } from '../../base/json.js';

/** Description of a resource, sent by its resource server. */
export type ResourceDescription = Omit<SandboxResource, '_id'>;

/** Maximum number of scopes of a resource. */
const MAX_SCOPES = 100;
const MAX_STRING_LENGTH = 1000;
const STRING_PROPERTIES = ['name', 'type', 'description', 'icon_uri'] as const;

/** A scope of OAuth 2.0 (RFC 6749 §3.3): a name or a URI. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;

/**
 * Validates a resource description and drops properties that UMA does not define.
 *
 * @throws {OAuthError} `invalid_request` or `invalid_scope`
 * @see UMA Federated Authorization §3.1
 */
export function parseDescription(body: unknown): ResourceDescription {
  if (!isJsonObject(body)) throw invalidRequest('The resource description must be a JSON object.');
  const strings = STRING_PROPERTIES.map((name) => [name, body[name]] as const).filter(
    ([, value]) => value !== undefined,
  );
  for (const [name, value] of strings) {
    if (typeof value === 'string' && value.length <= MAX_STRING_LENGTH) continue;
    throw invalidRequest(`${name}: must be a string of at most ${MAX_STRING_LENGTH} characters.`);
  }
  return { ...Object.fromEntries(strings), resource_scopes: parseScopes(body.resource_scopes) };
}

/**
 * Validates a list of scopes and removes duplicates.
 *
 * @throws {OAuthError} `invalid_request` when the value is not a list or too long; `invalid_scope`
 *   when an item is not a scope
 */
export function parseScopes(scopes: unknown): readonly string[] {
  if (!Array.isArray(scopes) || scopes.length > MAX_SCOPES) {
    throw invalidRequest(`resource_scopes: must be an array of at most ${MAX_SCOPES} strings.`);
  }
  if (!scopes.every((scope): scope is string => typeof scope === 'string' && SCOPE.test(scope))) {
    throw new OAuthError(400, 'invalid_scope', 'resource_scopes: contains an invalid scope.');
  }
  return [...new Set(scopes)];
}
