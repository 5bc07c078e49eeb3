import { printable } from '../base/errors.js';
import type { OxdStore } from '../store/oxd-store.js';
import type { SandboxUser } from './provider/accounts.js';
import { useInteractions } from './interactions.js';
import { openKeys } from './provider/keys.js';
import { useJwtIntrospection } from './provider/jwt-introspection.js';
import type { OidcProvider } from './provider/oidc-provider.js';
import { loadOidcProvider } from './provider/oidc-provider-module.js';
import { errorPage, sendPage } from './web/pages.js';
import { providerConfiguration, supportedScopes } from './provider-configuration.js';
import type { SandboxPolicies } from './uma/policy.js';
import { useUmaPages } from './uma/pages/page-routes.js';
import { useUma } from './uma/endpoints/routes.js';
import { UmaServer } from './uma/uma-server.js';

/** Options of {@link openProvider}. */
export interface ProviderOptions {
  readonly store: OxdStore;
  readonly users: readonly SandboxUser[];
  readonly policies: SandboxPolicies;
  /** Username of the resource owner; undefined: every user. */
  readonly owner?: string;
  /** Further scopes. */
  readonly scopes: readonly string[];
  /** Called with every issued secret. */
  readonly onSecret: (value: string) => void;
  /** Logs failures. */
  readonly log: (line: string) => void;
}

/**
 * Creates the provider with all its pages and endpoints.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when `oidc-provider` is not installed
 */
export async function openProvider(
  issuer: string,
  { store, users, policies, owner, scopes: apiScopes, onSecret, log }: ProviderOptions,
): Promise<OidcProvider> {
  const module = await loadOidcProvider();
  const keys = await openKeys(store);
  const adapterContext = { store, grants: new Map(), onSecret };
  const configuration = providerConfiguration({ keys, users, apiScopes, adapterContext, module });
  const provider = new module.Provider(issuer, configuration);
  logProviderEvents(provider, onSecret, log);
  rejectOtherHosts(provider, issuer);
  useJwtIntrospection(provider, issuer, keys);
  useInteractions(provider, users);
  const uma = await UmaServer.open({
    issuer,
    provider,
    store,
    users,
    policies,
    owner,
    onSecret,
    log,
  });
  useUma(uma, supportedScopes(apiScopes));
  useUmaPages(uma);
  return provider;
}

function logProviderEvents(
  provider: OidcProvider,
  onSecret: (value: string) => void,
  log: (line: string) => void,
): void {
  provider.silent = true;
  provider.on('server_error', (_context, error) =>
    log(`The sandbox failed: ${printable(error.message)}`),
  );
  provider.on('grant.success', ({ body }) => {
    // No adapter sees a JWT: neither is stored.
    const { id_token, access_token } = body as { id_token?: string; access_token?: string };
    for (const token of [id_token, access_token]) if (token !== undefined) onSecret(token);
  });
}

/** Rejects other host names: DNS rebinding would let foreign pages send requests to the sandbox. */
function rejectOtherHosts(provider: OidcProvider, issuer: string): void {
  provider.use(async (context, next) => {
    if (context.host === new URL(issuer).host) return next();
    sendPage(context, 421, errorPage('Wrong address.', `The sandbox responds only at ${issuer}.`));
  });
}
