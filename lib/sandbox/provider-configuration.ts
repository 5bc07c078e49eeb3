import { findAccount, type SandboxUser } from './accounts.js';
import type { SandboxKeys } from './keys.js';
import type { Context, ProviderClient } from './oidc-provider.js';
import { errorPage, loggedOutPage, logoutPage, sendPage } from './pages.js';
import { StoreAdapter, type AdapterContext } from './store.adapter.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const FORTNIGHT = 14 * 24 * HOUR;

/** Configuration of `oidc-provider`: everything it warns about is set here. */
export function providerConfiguration(
  keys: SandboxKeys,
  users: readonly SandboxUser[],
  adapterContext: AdapterContext,
): object {
  return {
    adapter: (model: string) => new StoreAdapter(model, adapterContext),
    jwks: keys.jwks,
    cookies: {
      keys: keys.cookies,
      // Browsers do not tell ports apart: the application's cookies are sent here, too.
      names: {
        session: 'oxd-sandbox.session',
        interaction: 'oxd-sandbox.interaction',
        resume: 'oxd-sandbox.resume',
      },
    },
    findAccount: (_context: Context, sub: string) => findAccount(users, sub),
    scopes: ['openid', 'profile', 'email', 'offline_access', 'uma_protection', 'oxd'],
    claims: CLAIMS,
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
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: askForLogout,
        postLogoutSuccessSource: (context: Context) => sendPage(context, 200, loggedOutPage()),
      },
    },
  };
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
  introspection: { enabled: true, allowedPolicy: () => true },
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
  // Whoever holds the user's id_token asks for that user: nothing is left to confirm.
  const confirmed = entities.IdTokenHint?.payload.sub === session?.accountId;
  sendPage(context, 200, logoutPage(form, client?.clientName, confirmed));
}
