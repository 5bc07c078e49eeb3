import { clientCredentials, patScopeOf } from './client-credentials.js';
import type { OperationContext } from '../context/operation-context.js';
import { statusOf } from '../requests/command-error.js';
import type { Provider } from '../provider/provider.js';
import {
  PAT_SCOPE,
  scopeFor,
  supportsScope,
  type DiscoveredServer,
} from '../registration/scopes.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { authorizationServerError } from './error-response.js';
import type { UmaServer } from '../provider/uma-discovery.js';
import type { Pat, PatOwner } from '../context/pat-cache.js';

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
export function patOf(
  context: OperationContext,
  site: RegisteredSite,
  refused?: Pat,
): Promise<Pat> {
  const { pats } = context.engine.uma;
  return pats.get(patOwner(site), () => obtain(context.detached(), site), refused);
}

/** Whom the PAT of a site is for. */
export function patOwner({ oxd_id, client }: RegisteredSite): PatOwner {
  return { oxd_id, client_id: client.client_id };
}

/**
 * Keeps that a PAT was refused though it had just been obtained. If it was one without the scope, the
 * next is asked for with it again: an administrator may have allowed it meanwhile.
 */
export function markFreshRejected(
  { engine }: OperationContext,
  site: RegisteredSite,
  issuer: string,
): void {
  engine.uma.pats.markFreshRejected(patOwner(site));
  engine.rejections.forget(patScopeOf(issuer, site.client.client_id));
}

async function obtain(context: OperationContext, site: RegisteredSite): Promise<Pat> {
  const uma = await context.umaServer(site);
  const provider = await context.provider(site);
  const configuration = context.readingConfiguration(tokenProvider(provider, uma), site.client);
  const asked = context.engine.clock();
  const { rejections } = context.engine;
  const scope = patScope({ provider, uma, rejections }, site);
  const request = { configuration, scope, rejections, server: uma.issuer };
  const tokens = await clientCredentials(request).catch((error: unknown) => {
    throw authorizationServerError(`No protection API token was issued.${adviceFor(error)}`, error);
  });
  const life = tokens.expires_in === undefined ? LIFETIME : tokens.expires_in * 1000;
  return { token: tokens.access_token, renewAt: asked + life - Math.min(MARGIN, life / 2) };
}

/** The provider with the token endpoint of UMA discovery. */
function tokenProvider({ metadata }: Provider, { token_endpoint }: UmaServer) {
  return { metadata: { ...metadata, token_endpoint } };
}

/** Only a site that names the scope itself is warned that it is omitted. */
function patScope(server: DiscoveredServer, { site }: RegisteredSite): string {
  if (site.scope?.includes(PAT_SCOPE)) return scopeFor(server, [PAT_SCOPE]);
  return supportsScope(server, PAT_SCOPE) ? PAT_SCOPE : '';
}

function adviceFor(error: unknown): string {
  const status = statusOf(error) ?? 500;
  return status >= 400 && status < 500 ? ` ${PAT_ADVICE}` : '';
}
