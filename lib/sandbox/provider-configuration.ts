import {
  accessTokenConfiguration,
  allowApiScopes,
  type ScopedClient,
} from './provider/access-tokens.js';
import { findAccount, type SandboxUser } from './provider/accounts.js';
import { ACR_VALUES, hasRequestedAcr } from './provider/authentication-classes.js';
import type { SandboxKeys } from './provider/keys.js';
import type { Context, ProviderClient, ProviderToken } from './provider/oidc-provider.js';
import type { InteractionPolicy, OidcProviderModule } from './provider/oidc-provider-module.js';
import { errorPage, loggedOutPage, logoutPage, sendPage } from './web/pages.js';
import { StoreAdapter, type AdapterContext } from './provider/store.adapter.js';
import {
  claimsRedirectUriProblem,
  CLAIMS_REDIRECT_URIS,
} from './uma/pages/claims-redirect-uris.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const FORTNIGHT = 14 * 24 * HOUR;

/** Scopes that the sandbox always supports. */
const SCOPES: readonly string[] = [
  'openid',
  'profile',
  'email',
  'offline_access',
  'uma_protection',
  'oxd',
];

/** Returns every supported scope. */
export function supportedScopes(apiScopes: readonly string[]): string[] {
  return [...new Set([...SCOPES, ...apiScopes])];
}

/** Input of {@link providerConfiguration}. */
export interface ConfigurationOptions {
  readonly keys: SandboxKeys;
  readonly users: readonly SandboxUser[];
  /** Scopes beside {@link SCOPES}. */
  readonly apiScopes: readonly string[];
  readonly adapterContext: AdapterContext;
  readonly module: OidcProviderModule;
}

/** Configuration of `oidc-provider`; sets every option whose default causes a warning. */
export function providerConfiguration(options: ConfigurationOptions): object {
  const { keys, users, apiScopes, adapterContext, module } = options;
  const scopes = supportedScopes(apiScopes);
  const { extraTokenClaims, resourceIndicators } = accessTokenConfiguration(users, scopes);
  return {
    adapter: (model: string) => new StoreAdapter(model, adapterContext),
    extraClientMetadata: clientMetadata(options),
    extraTokenClaims,
    interactions: { policy: interactionPolicy(module) },
    jwks: keys.jwks,
    cookies: {
      keys: keys.cookies,
      // Cookies are shared by all ports of a host: own names avoid clashes with the application's.
      names: {
        session: 'oxd-sandbox.session',
        interaction: 'oxd-sandbox.interaction',
        resume: 'oxd-sandbox.resume',
      },
    },
    findAccount: (_context: Context, sub: string) => findAccount(users, sub),
    scopes,
    claims: CLAIMS,
    acrValues: ACR_VALUES,
    responseTypes: ['code'],
    pkce: { required: () => true },
    issueRefreshToken: (_context: Context, client: ProviderClient) =>
      client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    clientBasedCORS: () => false,
    renderError: (context: Context, out: { error: string; error_description?: string }) =>
      sendPage(context, context.status, errorPage(out.error, out.error_description)),
    ttl: TTL,
    features: {
      ...FEATURES,
      resourceIndicators,
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: askForLogout,
        postLogoutSuccessSource: (context: Context) => sendPage(context, 200, loggedOutPage()),
      },
    },
  };
}

/** Rules of registrations: a parameter of UMA, and the scopes of APIs. */
function clientMetadata({ apiScopes, module }: ConfigurationOptions): object {
  return {
    properties: CLAIMS_REDIRECT_URIS,
    validator: (...[, name, value, client]: [Context, string, unknown, ScopedClient]) => {
      const problem = claimsRedirectUriProblem(name, value);
      if (problem !== undefined) throw new module.errors.InvalidClientMetadata(problem);
      allowApiScopes(client, apiScopes);
    },
  };
}

/** The policy of `oidc-provider`, and a login when the session lacks the requested `acr` (RFC 9470). */
function interactionPolicy({ interactionPolicy: library }: OidcProviderModule): InteractionPolicy {
  const policy = library.base();
  const lacksAcr = ({ oidc }: Context) =>
    !hasRequestedAcr(oidc.session?.acr, oidc.params?.acr_values);
  const failure = ['none of the requested acr_values is met', 'login_required'] as const;
  policy.get('login').checks.add(new library.Check('acr_values', ...failure, lacksAcr));
  return policy;
}

const CLAIMS = {
  openid: ['sub'],
  profile: [
    'birthdate',
    'family_name',
    'gender',
    'given_name',
    'locale',
    'middle_name',
    'name',
    'nickname',
    'picture',
    'preferred_username',
    'profile',
    'updated_at',
    'website',
    'zoneinfo',
  ],
  email: ['email', 'email_verified'],
};

/** Lifetimes in seconds. */
const TTL = {
  AccessToken: HOUR,
  AuthorizationCode: MINUTE,
  ClientCredentials: 10 * MINUTE,
  Grant: FORTNIGHT,
  IdToken: HOUR,
  Interaction: HOUR,
  RefreshToken: FORTNIGHT,
  Session: FORTNIGHT,
};

const FEATURES = {
  devInteractions: { enabled: false },
  clientCredentials: { enabled: true },
  introspection: {
    enabled: true,
    // Only its client and its resource server may introspect an RPT.
    allowedPolicy: (_context: Context, { clientId }: ProviderClient, token: ProviderToken) =>
      token.aud === undefined || [token.aud, token.clientId].includes(clientId),
  },
  registration: { enabled: true },
  registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
  revocation: {
    enabled: true,
    allowedPolicy: (_context: Context, client: ProviderClient, token: { clientId: string }) =>
      token.clientId === client.clientId,
  },
};

function askForLogout(context: Context, form: string): void {
  const { entities, session, client } = context.oidc;
  // A client with the user's ID token is trusted: the logout needs no confirmation.
  const confirmed = entities.IdTokenHint?.payload.sub === session?.accountId;
  sendPage(context, 200, logoutPage(form, client?.clientName, confirmed));
}
