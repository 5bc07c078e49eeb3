import { invalidRequest, OAuthError } from './oauth-response.js';
import type { SandboxResource } from './policy.js';

/** What a resource server says of a resource. */
export type ResourceDescription = Omit<SandboxResource, '_id'>;

/** Most scopes that a resource can have. */
const SCOPES = 100;
const TEXT = 1000;
const TEXTS = ['name', 'type', 'description', 'icon_uri'] as const;

/** A scope of OAuth 2.0 (RFC 6749 §3.3): a name or a URI. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;

/**
 * A resource description; members that UMA does not know are left out.
 *
 * @throws {OAuthError} `invalid_request` or `invalid_scope`
 * @see UMA Federated Authorization §3.1
 */
export function parseDescription(body: unknown): ResourceDescription {
  if (!isRecord(body)) throw invalidRequest('A resource description is a JSON object.');
  const texts = TEXTS.map((name) => [name, body[name]] as const).filter(
    ([, value]) => value !== undefined,
  );
  for (const [name, value] of texts) {
    if (typeof value === 'string' && value.length <= TEXT) continue;
    throw invalidRequest(`${name}: must be a string of at most ${TEXT} characters.`);
  }
  return { ...Object.fromEntries(texts), resource_scopes: parseScopes(body.resource_scopes) };
}

/**
 * A list of scopes, each once.
 *
 * @throws {OAuthError} `invalid_request` where it is no list or too long, else `invalid_scope`
 */
export function parseScopes(scopes: unknown): readonly string[] {
  if (!Array.isArray(scopes) || scopes.length > SCOPES) {
    throw invalidRequest(`resource_scopes: must be an array of at most ${SCOPES} strings.`);
  }
  if (!scopes.every((scope): scope is string => typeof scope === 'string' && SCOPE.test(scope))) {
    throw new OAuthError(400, 'invalid_scope', 'resource_scopes: has what is no scope.');
  }
  return [...new Set(scopes)];
}

/** Whether it is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
