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
  type CustomFetch,
} from 'openid-client';
import { printable } from '../errors.js';
import { usableJson } from './provider-json.js';
import { Refusal } from './refusal.js';
import type { Provider } from './provider.js';
import type { ClientRecord } from './site-record.js';

/** What {@link clientConfiguration} needs beside provider and client. */
export interface ClientConfigurationOptions {
  readonly fetch: CustomFetch;
  readonly clock: () => number;
  readonly allowInsecureRequests: boolean;
}

/**
 * Everything `openid-client` needs for one command.
 *
 * @throws {Refusal} where the client would have to prove itself in a way that is not supported
 */
export function clientConfiguration(
  provider: Pick<Provider, 'metadata'>,
  client: ClientRecord,
  options: ClientConfigurationOptions,
): Configuration {
  const { client_secret, id_token_signed_response_alg, userinfo_signed_response_alg } = client;
  const metadata = {
    client_secret,
    id_token_signed_response_alg,
    userinfo_signed_response_alg,
    [clockSkew]: Math.round((options.clock() - Date.now()) / 1000),
  };
  const authentication = clientAuthentication(provider, client);
  const configuration = new Configuration(
    provider.metadata,
    client.client_id,
    metadata,
    authentication,
  );
  configuration[customFetch] = usableJson(options.fetch, provider.metadata.jwks_uri);
  // OpHttp has the time limit; a second one would only leave timers behind.
  configuration.timeout = 0;
  if (options.allowInsecureRequests) allowInsecureRequests(configuration);
  return configuration;
}

/**
 * How a client proves itself at its provider.
 *
 * @throws {Refusal} where it would have to do so in a way that is not supported
 */
export function clientAuthentication(
  provider: Pick<Provider, 'metadata'>,
  client: ClientRecord,
): ClientAuth {
  const method = client.token_endpoint_auth_method ?? preferredMethod(provider);
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
      throw new Refusal(
        'bad_request',
        `The client is registered with ${printable(method)}, for which the embedded transport has no keys. ` +
          'Register it with client_secret_basic or client_secret_post.',
      );
  }
}

/** OpenID Connect Core §9: `client_secret_basic` where nothing else is said. */
function preferredMethod({ metadata }: Pick<Provider, 'metadata'>): string {
  const offered = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const onlyPost =
    !offered.includes('client_secret_basic') && offered.includes('client_secret_post');
  return onlyPost ? 'client_secret_post' : 'client_secret_basic';
}
