import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretJwt,
  ClientSecretPost,
  clockSkew,
  Configuration,
  customFetch,
  None,
  type ClientAuth,
} from 'openid-client';
import { printable } from '../../base/errors.js';
import { usableResponse } from '../provider/provider-json.js';
import type { CommandCall } from '../requests/command-call.js';
import { OperationError } from '../requests/operation-error.js';
import type { Provider } from '../provider/provider.js';
import type { ClientRecord } from './site-record.js';

/** Dependencies of a command that sends requests of a client. */
export interface ClientContext {
  /** Sends the requests. */
  readonly call: CommandCall;
  readonly runtime: { readonly clock: () => number };
}

/** Client at its provider. */
export interface ClientAtProvider {
  readonly provider: Pick<Provider, 'metadata'>;
  readonly client: ClientRecord;
  /** Authentication of the client; default see {@link clientAuthentication}. */
  readonly authentication?: ClientAuth;
  /** True for requests that change nothing, see `ProviderRequest.idempotent`. */
  readonly idempotent?: boolean;
}

/**
 * Configuration of `openid-client` for one command.
 *
 * @throws {OperationError} `bad_request` if the authentication method of the client is not supported
 */
export function clientConfiguration(
  { call, runtime: { clock } }: ClientContext,
  {
    provider,
    client,
    authentication = clientAuthentication(provider, client),
    idempotent,
  }: ClientAtProvider,
): Configuration {
  const { client_secret, id_token_signed_response_alg, userinfo_signed_response_alg } = client;
  const metadata = {
    client_secret,
    id_token_signed_response_alg,
    userinfo_signed_response_alg,
    [clockSkew]: Math.round((clock() - Date.now()) / 1000),
  };
  const configuration = new Configuration(
    provider.metadata,
    client.client_id,
    metadata,
    authentication,
  );
  const { jwks_uri } = provider.metadata;
  configuration[customFetch] = async (url, init) => {
    const response = await call.fetch(url, { ...init, idempotent });
    return usableResponse(response, { url, body: init.body, jwks_uri });
  };
  // ProviderHttp has the time limit; a second one would only leave timers behind.
  configuration.timeout = 0;
  // ProviderHttp decides about plain http, including that of `transport.addresses`.
  allowInsecureRequests(configuration);
  return configuration;
}

/**
 * Authentication of a client at its provider.
 *
 * @throws {OperationError} `bad_request` if the authentication method of the client is not supported
 */
export function clientAuthentication(
  provider: Pick<Provider, 'metadata'>,
  client: ClientRecord,
): ClientAuth {
  const method = authenticationMethod(provider, client);
  switch (method) {
    case 'client_secret_basic':
      return ClientSecretBasic(client.client_secret);
    case 'client_secret_post':
      return ClientSecretPost(client.client_secret);
    case 'client_secret_jwt':
      return ClientSecretJwt(client.client_secret);
    case 'none':
      return None();
    default:
      throw new OperationError(
        'bad_request',
        `The client is registered with ${printable(method)}, which the embedded transport does not support. ` +
          'Register it with client_secret_basic or client_secret_post.',
      );
  }
}

/** True if the authentication of a client is equal in every request. */
export function isStaticAuthentication(
  provider: Pick<Provider, 'metadata'>,
  client: ClientRecord,
): boolean {
  // The assertion of client_secret_jwt has a time and an id.
  return authenticationMethod(provider, client) !== 'client_secret_jwt';
}

function authenticationMethod(provider: Pick<Provider, 'metadata'>, client: ClientRecord): string {
  return client.token_endpoint_auth_method ?? supportedSecretMethod(provider) ?? SECRET_METHODS[0];
}

/** Authentication methods that need the secret only, in order of preference. */
const SECRET_METHODS = ['client_secret_basic', 'client_secret_post'] as const;

/**
 * First authentication method with a secret that discovery lists; `client_secret_basic` without a
 * list.
 *
 * @returns undefined if the list has neither
 * @see RFC 8414 §2
 */
export function supportedSecretMethod({
  metadata,
}: Pick<Provider, 'metadata'>): (typeof SECRET_METHODS)[number] | undefined {
  const { token_endpoint_auth_methods_supported: listed = [] } = metadata;
  if (listed.length === 0) return SECRET_METHODS[0];
  return SECRET_METHODS.find((method) => listed.includes(method));
}
