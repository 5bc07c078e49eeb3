import { authenticate, DEMO_PASSWORD, DEMO_USERS, type SandboxUser } from '../provider/accounts.js';
import type { Html } from './html.js';
import type { Context, OidcProvider } from '../provider/oidc-provider.js';
import { loginPage } from './pages.js';

/** In seconds, where no application asks for the user meanwhile. */
const SESSION_LIFETIME = 3600;

/** Somebody who is logged in at this browser. */
export interface LoggedIn {
  readonly user: SandboxUser;
  /** Identifies the session; never shown. */
  readonly session: string;
}

/** The login of pages that belong to no authorization request; it is the session of the provider. */
export class PageLogin {
  constructor(
    private readonly provider: OidcProvider,
    private readonly users: readonly SandboxUser[],
  ) {}

  /** Who is logged in at this browser. */
  async who(context: Context): Promise<LoggedIn | undefined> {
    const { accountId, uid } = await this.provider.Session.get(context);
    const user = this.users.find(({ claims }) => claims.sub === accountId);
    return user && { user, session: uid };
  }

  /** The page that asks who it is; with the form of the last try, what was wrong. */
  page(name: string, tried?: URLSearchParams): Html {
    const hint = this.users === DEMO_USERS ? DEMO_PASSWORD : undefined;
    const problem = tried && 'Wrong password. Try again.';
    return loginPage({ name }, this.users, { picked: tried?.get('login') ?? '', hint, problem });
  }

  /** Logs in by the form of the page. @returns whether name and password are good */
  async logIn({ req, res }: Context, form: URLSearchParams): Promise<boolean> {
    const { provider } = this;
    const user = authenticate(this.users, form.get('login') ?? '', form.get('password') ?? '');
    if (!user) return false;
    const session = new provider.Session();
    session.loginAccount({ accountId: user.claims.sub });
    await session.save(SESSION_LIFETIME);
    const { cookies } = provider.createContext(req, res);
    cookies.set(provider.cookieName('session'), session.id, { httpOnly: true, sameSite: 'lax' });
    return true;
  }
}
