import {
  clientCredentialsGrant,
  customFetch,
  ResponseBodyError,
  type Configuration,
  type CustomFetch,
  type TokenEndpointResponse,
} from 'openid-client';
import type { EngineContext } from './engine-context.js';
import { statusOf } from './op-error.js';
import type { Provider } from './provider.js';
import { scopeFor } from './scope.js';
import type { SiteRecord } from './site-record.js';
import { umaRefusal } from './uma-answer.js';
import type { UmaServer } from './uma-discovery.js';
import type { Pat, PatOwner } from './uma-pat-cache.js';

/** What an administrator must have done for a client to protect resources. */
export const PAT_ADVICE =
  'The client must be a resource server and its secret the right one. Keycloak: switch on its ' +
  'service account and its authorization, and lightweight access tokens off. Gluu and Janssen: ' +
  'allow it the grant client_credentials and the scope uma_protection. For a client that is ' +
  'registered dynamically name client_credentials in site.grant_types, for Keycloak also ' +
  'urn:ietf:params:oauth:grant-type:uma-ticket.';

/** Lifetime of a PAT whose server names none, in milliseconds. */
const LIFETIME = 300_000;

/** Keycloak's tickets end with the PAT they were made with, so its last minute is not used. */
const MARGIN = 60_000;

/**
 * The PAT of a site; renewed before its last minute, or half its life where that is shorter.
 *
 * @param refused the PAT that the authorization server has just refused
 * @throws {Refusal} that says what to configure
 * @see UMA Federated Authorization §1.3, RFC 6749 §4.4
 */
export function patOf(context: EngineContext, site: SiteRecord, refused?: Pat): Promise<Pat> {
  const { pats } = context.engine.uma;
  return pats.get(patOwner(site), () => obtain(context.detached(), site), refused);
}

/** Whom the PAT of a site is for. */
export function patOwner({ oxd_id, client }: SiteRecord): PatOwner {
  return { oxd_id, client_id: client.client_id };
}

async function obtain(context: EngineContext, site: SiteRecord): Promise<Pat> {
  const server = await context.umaServer(site);
  const provider = tokenProvider(await context.provider(site), server);
  const configuration = context.configuration(provider, site.client);
  configuration[customFetch] = takingCreated(context.call.fetch);
  const asked = context.engine.clock();
  const tokens = await grant(configuration, scopeFor(provider, ['uma_protection'])).catch(
    (error: unknown) => {
      throw umaRefusal(`No protection API token was issued.${adviceFor(error)}`, error);
    },
  );
  const life = tokens.expires_in === undefined ? LIFETIME : tokens.expires_in * 1000;
  return { token: tokens.access_token, renewAt: asked + life - Math.min(MARGIN, life / 2) };
}

/** The provider as UMA discovery tells it; scopes may be listed in either document. */
function tokenProvider(provider: Provider, server: UmaServer): Provider {
  const { token_endpoint, scopes_supported = [] } = server;
  const scopes = [...(provider.metadata.scopes_supported ?? []), ...scopes_supported];
  return {
    ...provider,
    metadata: { ...provider.metadata, token_endpoint, scopes_supported: scopes },
  };
}

/** Some servers list the scope and refuse it all the same. */
async function grant(configuration: Configuration, scope: string): Promise<TokenEndpointResponse> {
  try {
    return await clientCredentialsGrant(configuration, scope ? { scope } : {});
  } catch (error) {
    const isScope = error instanceof ResponseBodyError && error.error === 'invalid_scope';
    if (!scope || !isScope) throw error;
    return clientCredentialsGrant(configuration, {});
  }
}

/** openid-client takes no token from a 201, which is what SolidLab's server answers. */
function takingCreated(fetch: CustomFetch): CustomFetch {
  return async (url, options) => {
    const answer = await fetch(url, options);
    if (answer.status !== 201) return answer;
    return new Response(await answer.text(), { status: 200, headers: answer.headers });
  };
}

function adviceFor(error: unknown): string {
  const status = statusOf(error) ?? 500;
  return status >= 400 && status < 500 ? ` ${PAT_ADVICE}` : '';
}
