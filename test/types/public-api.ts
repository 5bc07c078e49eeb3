// Type tests of the public API. `npm run typecheck` compiles this file; it is never run.
import { Controller, Get, ParseIntPipe, UseGuards } from '@nestjs/common';
import {
  AccessToken,
  OidcService,
  OxdModule,
  OxdUser,
  Rpt,
  UmaGuard,
  UmaProtected,
  UmaPublic,
  UmaService,
  type FinishedLogin,
  type ListedRp,
  type OxdModuleOptions,
  type OxdUserProfile,
  type RegisterSiteParams,
  type Result,
  type RpRecord,
  type SiteMetadata,
  type StartedLogin,
  type TokenEndpointAuthMethod,
  type UmaPermission,
} from '../../lib/index.js';
import { LoginGuard, OidcStrategy, type LoginRequest } from '../../lib/oidc/passport.js';
import { OxdTestingModule, TestIssuer } from '../../lib/testing/testing.js';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only for types that are the same. */
declare const expectEqual: <A, B>(equal: Equal<A, B>) => void;

const site = {
  op_host: 'https://op.example.com',
  authorization_redirect_uri: 'https://a.example/cb',
};

export async function testing(issuer: TestIssuer): Promise<void> {
  OxdTestingModule.forRoot({ user: { sub: 'alice', claims: { name: 'Alice', role: 'admin' } } });
  OxdTestingModule.forRoot({ grant: ({ headers }) => headers['x-user'] === 'alice' });
  // @ts-expect-error -- a user needs an id
  OxdTestingModule.forRoot({ user: { claims: { name: 'Alice' } } });
  // @ts-expect-error -- a grant is a boolean
  OxdTestingModule.forRoot({ grant: () => 'yes' });
  expectEqual<Awaited<ReturnType<typeof issuer.token>>, string>(true);
  // @ts-expect-error -- a lifetime is a number of seconds
  await issuer.token({ expiresIn: '5m' });
}

export function options(): OxdModuleOptions[] {
  // @ts-expect-error -- a site needs a provider
  OxdModule.forRoot({ site: { authorization_redirect_uri: 'https://a.example/cb' } });
  // @ts-expect-error -- an unknown option
  OxdModule.forRoot({ site, unknown: true });
  // @ts-expect-error -- `port` belongs to the socket transport
  OxdModule.forRoot({ site, transport: { type: 'embedded', port: 8099 } });
  // @ts-expect-error -- a version that no transport has
  OxdModule.forRoot({ site, transport: { type: 'socket', version: '2.4.4' } });
  // @ts-expect-error -- options are read-only
  (({ site }) as OxdModuleOptions).eager = true;
  OxdModule.forRootAsync({ useFactory: () => ({ site }), isGlobal: true });
  return [
    { site, transport: { type: 'embedded' } },
    { site, store: 'data/store.json' },
  ];
}

/** The types of site parameters follow from the table of these parameters. */
export function siteParameters(site: SiteMetadata): void {
  expectEqual<(typeof site)['client_name'], string | undefined>(true);
  expectEqual<(typeof site)['scope'], readonly string[] | undefined>(true);
  expectEqual<(typeof site)['access_token_lifetime'], number | undefined>(true);
  expectEqual<(typeof site)['rpt_as_jwt'], boolean | undefined>(true);
  expectEqual<(typeof site)['subject_type'], 'pairwise' | 'public' | undefined>(true);
  expectEqual<(typeof site)['authorization_redirect_uri'], string | undefined>(true);
  expectEqual<RegisterSiteParams['authorization_redirect_uri'], string>(true);
  expectEqual<RegisterSiteParams['op_host'], string>(true);
  expectEqual<RegisterSiteParams['client_id'], string | undefined>(true);
  // @ts-expect-error -- no authentication method
  'client_secret' satisfies TokenEndpointAuthMethod;
  // @ts-expect-error -- parameters are read-only
  site.client_name = 'Another name';
}

export async function login(oidc: OidcService, cookie: string): Promise<void> {
  const started = await oidc.startLogin({ cookies: cookie, returnTo: '/', prompt: 'login' });
  expectEqual<typeof started, StartedLogin>(true);
  // @ts-expect-error -- the state is chosen by the library
  await oidc.startLogin({ state: 'chosen' });
  const finished = await oidc.finishLogin(new URLSearchParams(), cookie);
  expectEqual<typeof finished, FinishedLogin>(true);
  expectEqual<FinishedLogin['user']['claims']['sub'], string>(true);
  expectEqual<FinishedLogin['user']['tokens']['refresh_token'], string | undefined>(true);
  const { signal } = new AbortController();
  await oidc.getUserInfo({ access_token: 'token' }, { signal });
  await oidc.getUserInfo({ accessToken: 'token' }, { signal });
  await oidc.startLogin({ custom_params: { a: 'b' } });
  // @ts-expect-error -- userinfo needs a token
  await oidc.getUserInfo({});
  // @ts-expect-error -- the other name has the same type
  await oidc.getUserInfo({ accessToken: 1 });
  // @ts-expect-error -- no name of a parameter
  await oidc.getUserInfo({ accesstoken: 'token' });
  // @ts-expect-error -- callers share the request of a refresh
  await oidc.getAccessTokenByRefreshToken({ refresh_token: 'token' }, { signal });
  // @ts-expect-error -- a code exchange needs the code and the state
  await oidc.getTokensByCode({ state: 'state' });
  const one = await oidc.getRp();
  expectEqual<(typeof one)['node'], RpRecord>(true);
  const all = await oidc.getRp({ list: true });
  expectEqual<(typeof all)['node'], readonly ListedRp[]>(true);
  // @ts-expect-error -- the record of one site is no list
  one.node.map(String);
  oidc.isSpeculative({ purpose: 'prefetch' }, 'GET') satisfies boolean;
}

export async function access(uma: UmaService): Promise<void> {
  await uma.protect({ resources: [{ path: '/a', conditions: [{ httpMethods: ['GET'] }] }] });
  // @ts-expect-error -- scopes belong to a condition
  await uma.protect({ resources: [{ path: '/a', scopes: ['view'] }] });
  const scope_expression = { rule: { var: 0 }, data: ['view'] };
  await uma.modify({ path: '/a', http_method: 'GET', scope_expression });
  // @ts-expect-error -- an expression is an object on every transport
  await uma.modify({ path: '/a', http_method: 'GET', scope_expression: '{}' });
  const checked = await uma.checkAccess({ path: '/a', http_method: 'GET' });
  expectEqual<typeof checked, Result<'uma_rs_check_access'>>(true);
  const { access_token } = await uma.getRpt({ ticket: 'ticket' });
  access_token satisfies string;
}

@Controller()
@UseGuards(UmaGuard)
export class AlbumsController {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list(@Rpt() _all: readonly UmaPermission[], @Rpt('sub') _sub: string | undefined) {}

  @Get('own')
  @UmaProtected('/albums/own', 'GET', { scopes: ['view'], ticketScopes: ['view', 'add'] })
  own(@OxdUser() _user: OxdUserProfile, @AccessToken(ParseIntPipe) _token: string) {}

  @Get('open')
  @UmaPublic()
  open() {}

  // @ts-expect-error -- `scopes` is a list
  @UmaProtected({ scopes: 'view' })
  wrong() {}

  // @ts-expect-error -- `sub` is the only part of an RPT
  part(@Rpt('permissions') _part: unknown) {}
}

/** A strategy may look the user up, and keep its own services. */
export class OwnStrategy extends OidcStrategy {
  override async validate({ sub }: OxdUserProfile, request: LoginRequest): Promise<unknown> {
    return Promise.resolve({ sub, url: request.url });
  }
}

export class OwnLoginGuard extends LoginGuard {
  override getAuthenticateOptions() {
    return { prompt: 'login', scope: ['openid'] };
  }
}
