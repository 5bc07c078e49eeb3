import type { AccessTokenClaims, OxdModuleOptions } from '../../lib/index.js';
import {
  AuthorizationServer,
  SITE,
  startUmaApp,
  token,
  type Answer,
  type RunningApp,
  type UmaAppOptions,
} from './uma-app.js';

export const AUDIENCE = 'https://api.example.com';

const DEFAULTS = { iss: SITE.op_host, aud: AUDIENCE, sub: 'alice', typ: 'Bearer' };

/** Transport in memory that introspects the access tokens which it has issued. */
export class TokenServer extends AuthorizationServer {
  private readonly claims = new Map<string, AccessTokenClaims>();

  override reset(): void {
    super.reset();
    this.script({
      introspect_access_token: ({ access_token }) => {
        const claims = this.claims.get(access_token);
        return claims ? { active: true, ...claims } : { active: false };
      },
    });
  }

  /** Issues a token of alice for the API, with further claims. */
  accessToken(claims: Readonly<Record<string, unknown>> = {}): string {
    const value = token('access-token');
    this.claims.set(value, { ...DEFAULTS, ...claims });
    return value;
  }

  /** Issues an access token that is also an RPT for one resource. */
  accessRpt(resource: string): string {
    const value = this.issue(resource);
    this.claims.set(value, DEFAULTS);
    return value;
  }

  /** Number of introspections of access tokens so far. */
  get introspections(): number {
    return this.calls.filter(({ command }) => command === 'introspect_access_token').length;
  }
}

/** Running application with a {@link TokenServer}. */
export interface BearerApp extends RunningApp {
  readonly transport: TokenServer;
}

/** Starts an application on a free port, with transport and store in memory. */
export async function startBearerApp(
  given: UmaAppOptions & { readonly bearer?: OxdModuleOptions['bearer'] },
): Promise<BearerApp> {
  const transport = new TokenServer();
  const options = { bearer: { audience: AUDIENCE, ...given.bearer }, ...given.options };
  return { ...(await startUmaApp({ ...given, transport, options })), transport };
}

/** Status, error code of the body and challenge of a response. */
export function outcomeOf({ status, body, headers }: Answer) {
  const { error } = JSON.parse(body) as { error: string };
  return { status, error, challenge: headers['www-authenticate'] };
}
