import { objectOf, parseJson, type JsonObject } from '../../base/json.js';
import type { OperationContext } from '../context/operation-context.js';
import { OperationError } from '../requests/operation-error.js';
import type { ProviderResponse } from '../requests/provider-http.js';
import { responseError } from '../requests/response-error.js';
import type { AccessTokenCheck } from './access-token-check.js';

/**
 * Introspection response for an access token, with all its properties.
 *
 * @throws {OperationError} when the provider returns no introspection response: the state of the token
 *   is unknown
 * @see RFC 7662 §2
 */
export async function introspectToken(
  context: OperationContext,
  { token, site, provider }: AccessTokenCheck,
): Promise<JsonObject> {
  const { introspection_endpoint: url } = provider.metadata;
  if (!url) throw new OperationError('unsupported_operation', NO_ENDPOINT);
  const form = `token=${encodeURIComponent(token.toWellFormed())}&token_type_hint=access_token`;
  const request = await context.runtime.clientForms.build(provider, site.client, form);
  return stateOf(await context.call.send(url, { idempotent: true, ...request }));
}

const NO_ENDPOINT =
  'The OpenID Provider has no introspection_endpoint, so that opaque access tokens cannot be checked.';

function stateOf(response: ProviderResponse): JsonObject {
  if (response.status !== 200) {
    const message = `The access token could not be introspected (${response.status}).`;
    throw new OperationError('internal_error', message, responseError(response));
  }
  const state = objectOf(parseJson(response.text));
  if (typeof state?.active === 'boolean') return state;
  const message = 'The introspection response has no boolean active.';
  throw new OperationError('internal_error', message);
}
