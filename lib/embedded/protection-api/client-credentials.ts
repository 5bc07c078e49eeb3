import {
  clientCredentialsGrant,
  ResponseBodyError,
  type Configuration,
  type TokenEndpointResponse,
} from 'openid-client';
import type { RejectedParameters } from '../registration/rejected-parameters.js';
import { PAT_SCOPE, scopeName, withoutScope } from '../registration/scopes.js';

/** Request for an access token of the client itself. */
export interface ClientCredentialsRequest {
  readonly configuration: Configuration;
  /** Scopes separated by blanks; an empty string sends no scope. */
  readonly scope: string;
  /** Issuer of the server. */
  readonly server: string;
  readonly rejections: RejectedParameters;
}

/**
 * Requests an access token for the client itself. If the server rejects the scope, a second request
 * omits `uma_protection`. After its success later requests of this client omit the scope, too.
 *
 * @see RFC 6749 §4.4
 */
export async function clientCredentials(
  request: ClientCredentialsRequest,
): Promise<TokenEndpointResponse> {
  const { configuration, scope, server, rejections } = request;
  const { client_id } = configuration.clientMetadata();
  const rejection = patScopeOf(server, client_id);
  const reduced = withoutScope(scope, PAT_SCOPE);
  if (reduced === scope || rejections.has(rejection)) return grant(configuration, reduced);
  try {
    return await grant(configuration, scope);
  } catch (error) {
    if (!(error instanceof ResponseBodyError && error.error === 'invalid_scope')) throw error;
    const tokens = await grant(configuration, reduced);
    rejections.add(
      rejection,
      'The server rejects the scope for a token of the client (invalid_scope).',
    );
    return tokens;
  }
}

/** The scope of a PAT as a rejected parameter, per client: Gluu allows it to some clients only. */
export function patScopeOf(server: string, client: string) {
  return { server, client, what: scopeName(PAT_SCOPE) };
}

function grant(configuration: Configuration, scope: string): Promise<TokenEndpointResponse> {
  return clientCredentialsGrant(configuration, scope ? { scope } : {});
}
