import { authenticate, DEMO_PASSWORD, DEMO_USERS, type SandboxUser } from '../provider/accounts.js';
import { PASSWORD_ACR } from '../provider/authentication-classes.js';
import type { Html } from './html.js';
import type { Context, OidcProvider } from '../provider/oidc-provider.js';
import { loginPage } from './login-page.js';

/** Lifetime of a session in seconds; a login at an application prolongs it. */
const SESSION_LIFETIME = 3600;

/** User who is logged in at this browser. */
export interface LoggedIn {
  readonly user: SandboxUser;
  /** Id of the session; never shown. */
  readonly session: string;
}

/** Login for pages outside of an authorization request; uses the session of the provider. */
export class PageLogin {
  constructor(
    private readonly provider: OidcProvider,
    private readonly users: readonly SandboxUser[],
  ) {}

  /** Returns the user who is logged in at this browser. */
  async current(context: Context): Promise<LoggedIn | undefined> {
    const { accountId, uid } = await this.provider.Session.get(context);
    const user = this.users.find(({ claims }) => claims.sub === accountId);
    return user && { user, session: uid };
  }

  /**
   * Login page.
   *
   * @param selected username of the preselected user; default the first user
   * @param problem message to show
   */
  page(name: string, selected?: string, problem?: string): Html {
    const hint = this.users === DEMO_USERS ? DEMO_PASSWORD : undefined;
    return loginPage({ name }, this.users, { selected, hint, problem });
  }

  /** Login page after a failed login with this form. */
  retryPage(name: string, form: URLSearchParams): Html {
    return this.page(name, form.get('login') ?? undefined, 'Wrong password. Try again.');
  }

  /** Logs in with the form of the page. @returns false when name or password is wrong */
  async logIn({ req, res }: Context, form: URLSearchParams): Promise<boolean> {
    const { provider } = this;
    const user = authenticate(this.users, form.get('login') ?? '', form.get('password') ?? '');
    if (!user) return false;
    const session = new provider.Session();
    session.loginAccount({ accountId: user.claims.sub, acr: PASSWORD_ACR });
    await session.save(SESSION_LIFETIME);
    const { cookies } = provider.createContext(req, res);
    cookies.set(provider.cookieName('session'), session.id, { httpOnly: true, sameSite: 'lax' });
    return true;
  }
}
