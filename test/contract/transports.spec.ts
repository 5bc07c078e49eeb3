import { decodeJwt } from 'jose';
import type { IntrospectAccessTokenResult, RegisterSiteResult } from '../../lib/index.js';
import { DEMO_USERS } from '../../lib/sandbox/provider/accounts.js';
import { Browser } from '../support/browser.js';
import {
  CALLBACK,
  CLAIMS,
  type Exceptions,
  expectedOn,
  LOGGED_OUT,
  type Login,
  outcomeOf,
  TRANSPORTS,
  type TransportName,
  unsupported,
  World,
} from '../support/contract-world.js';
import { traitsOf } from '../support/oxd-peers.js';

const text = expect.stringMatching(/./) as unknown;
const number = expect.any(Number) as unknown;
const GLUU_SCOPES = new Set(['oxd', 'uma_protection']);
const UNREACHABLE_SECTOR = { client_sector_identifier_uri: 'https://127.0.0.1:9/sector' };
const NOWHERE = 'http://127.0.0.1:9';

interface Row {
  readonly title: string;
  readonly call: (world: World, login: Login) => Promise<unknown>;
  readonly result: unknown;
  readonly except?: Exceptions;
  /** Excludes a protected server, which rejects commands of other sites and unchecked tokens. */
  readonly unprotected?: true;
}

const failed = (command: string) => ({
  name: 'OxdCommandError',
  code: 'OXD_COMMAND_FAILED',
  command,
});

/** Properties that every transport returns for a valid token. */
const VALID = {
  active: true,
  token_type: 'Bearer',
  isIssuer: true,
  isClient: true,
  lifetime: 3600,
};

/** Replaces the values of an introspection that differ between runs by comparisons. */
function introspected(issuer: string, client: unknown) {
  return ({ iss, client_id, exp = 0, iat = 0, ...rest }: IntrospectAccessTokenResult) => ({
    ...rest,
    isIssuer: iss === issuer,
    isClient: client_id === client,
    lifetime: exp - iat,
  });
}

/** Properties of a new site that every transport returns; oxd 3.x returns none of its client. */
const common = ({ oxd_id, op_host }: RegisterSiteResult) => ({ oxd_id, op_host });

/** Parameters that oxd-ruby sends from its configuration, except a sector identifier. */
function everything({ site }: World) {
  return {
    ...site,
    client_name: 'A site of oxd-ruby',
    response_types: ['code'],
    acr_values: ['basic'],
    client_jwks_uri: 'https://app.example/jwks',
    client_token_endpoint_auth_method: 'client_secret_post' as const,
    client_request_uris: ['https://app.example/request'],
    client_logout_uris: ['https://app.example/logout'],
    contacts: ['ops@app.example'],
    ui_locales: ['en'],
    claims_locales: ['de'],
    application_type: 'web' as const,
  };
}

/** The parameters of {@link everything} that the provider returns. */
const EVERYTHING = {
  application_type: 'web',
  client_name: 'A site of oxd-ruby',
  redirect_uris: [CALLBACK],
  response_types: ['code'],
  jwks_uri: 'https://app.example/jwks',
  token_endpoint_auth_method: 'client_secret_post',
  default_acr_values: ['basic'],
  contacts: ['ops@app.example'],
};

/** Reads the client of a site at the provider (RFC 7592 §2.1). */
async function clientOf({ oidc }: World, { oxd_id }: { readonly oxd_id: string }) {
  const { node } = await oidc.getRp({ oxd_id });
  const authorization = `Bearer ${node.client_registration_access_token}`;
  const uri = node.client_registration_client_uri ?? '';
  const response = await fetch(uri, { headers: { authorization } });
  const client = (await response.json()) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.keys(EVERYTHING).map((name) => [name, client[name]]));
}

/** Outcome after a command that succeeded, when its effect cannot be read. */
const WITHOUT_RECORD: Exceptions = {
  extension: unsupported('get_rp', 'it has no such path'),
  '3.1.1': unsupported('get_rp', 'it has no such command'),
};

const ROWS: readonly Row[] = [
  {
    title: 'registers another site',
    call: async ({ oidc, site }) => common(await oidc.registerSite(site)),
    result: { oxd_id: text, op_host: expect.stringMatching(/^http:\/\/localhost/) },
    unprotected: true,
  },
  {
    title: 'registers another site with the names of oxd-ruby',
    call: async ({ oidc, site: { post_logout_redirect_uri, ...site } }) => {
      const names = {
        post_logout_redirect_url: post_logout_redirect_uri,
        client_logout_uris: [LOGGED_OUT],
      };
      return common(await oidc.registerSite({ ...site, ...names }));
    },
    result: { oxd_id: text, op_host: text },
    unprotected: true,
  },
  {
    title: 'registers another site with every parameter of oxd-ruby',
    call: async (world) => clientOf(world, await world.oidc.registerSite(everything(world))),
    result: EVERYTHING,
    except: WITHOUT_RECORD,
    unprotected: true,
  },
  {
    title: 'registers no site whose sector identifier is unreachable',
    call: ({ oidc, site }) => oidc.registerSite({ ...site, ...UNREACHABLE_SECTOR }),
    result: failed('register_site'),
    unprotected: true,
  },
  {
    title: 'registers another site as a web client',
    call: async ({ oidc, site }) =>
      common(await oidc.registerSite({ ...site, application_type: 'web' })),
    result: { oxd_id: text, op_host: text },
    unprotected: true,
  },
  {
    title: 'registers a native client on embedded only',
    call: async ({ oidc, site }) => {
      const native = { application_type: 'native', authorization_redirect_uri: 'app.example:/cb' };
      return common(await oidc.registerSite({ ...site, ...native } as typeof site));
    },
    result: unsupported('register_site', 'oxd registers every client as web').result,
    except: {
      embedded: { result: { oxd_id: text, op_host: text }, because: 'it registers native clients' },
    },
  },
  {
    title: 'registers a site for an existing client',
    call: async (world) => {
      const { client_id, client_secret } = await world.newClient();
      return common(await world.oidc.registerSite({ ...world.site, client_id, client_secret }));
    },
    result: { oxd_id: text, op_host: text },
    unprotected: true,
  },
  {
    title: 'returns the record of the site with the credentials of its client',
    call: async ({ oidc }) => {
      const { node } = await oidc.getRp();
      const { op_host, client_id, client_secret, authorization_redirect_uri } = node;
      const { logout_redirect_uri, claims_redirect_uri, grant_types } = node;
      return {
        ...{ op_host, client_id, client_secret, authorization_redirect_uri },
        ...{ logout_redirect_uri, claims_redirect_uri, grant_types },
      };
    },
    result: {
      ...{ op_host: text, client_id: text, client_secret: text },
      ...{ authorization_redirect_uri: CALLBACK, logout_redirect_uri: LOGGED_OUT },
      ...{ claims_redirect_uri: [CLAIMS], grant_types: expect.any(Array) as unknown },
    },
    except: {
      '3.1.1': unsupported('get_rp', 'it has no such command'),
      extension: unsupported('get_rp', 'it has no path for the command'),
    },
  },
  {
    title: 'returns no record of an unknown site',
    call: ({ oidc }) => oidc.getRp({ oxd_id: 'unknown' }),
    result: failed('get_rp'),
    except: {
      '3.1.1': unsupported('get_rp', 'it has no such command'),
      extension: unsupported('get_rp', 'it has no path for the command'),
    },
  },
  {
    title: 'registers no site for client_id without client_secret',
    call: ({ oidc, site }) => oidc.registerSite({ ...site, client_id: 'a-client' }),
    result: failed('register_site'),
  },
  {
    title: 'registers no site at an unreachable provider',
    call: ({ oidc, site }) => oidc.registerSite({ ...site, op_host: NOWHERE }),
    result: failed('register_site'),
    unprotected: true,
  },
  {
    title: 'registers no site at a URL without a provider',
    call: ({ oidc, site }) => oidc.registerSite({ ...site, op_host: `${site.op_host}/nothing` }),
    result: failed('register_site'),
    unprotected: true,
  },
  {
    title: 'registers no site with an unknown grant type',
    call: ({ oidc, site }) => oidc.registerSite({ ...site, grant_types: ['telepathy'] }),
    result: failed('register_site'),
    unprotected: true,
  },
  {
    title: 'registers no site without a redirect URI',
    call: ({ oidc, site }) => oidc.registerSite({ ...site, authorization_redirect_uri: '' }),
    result: failed('register_site'),
    unprotected: true,
  },
  {
    title: 'sets up a site with a client for protection tokens',
    call: async ({ oidc, site }) => {
      const {
        setup_client_oxd_id: _,
        client_id_of_oxd_id: __,
        ...both
      } = await oidc.setupClient(site);
      return both;
    },
    result: {
      oxd_id: text,
      op_host: text,
      client_id: text,
      client_secret: text,
      client_registration_access_token: text,
      client_registration_client_uri: text,
      client_id_issued_at: number,
      client_secret_expires_at: 0,
    },
    except: {
      '4.2': unsupported('setup_client', 'a site has the credentials of its client'),
      '4.5': unsupported('setup_client', 'a site has the credentials of its client'),
    },
  },
  {
    title: 'sets up a site with every parameter of oxd-ruby',
    call: async (world) => {
      const { oxd_id, op_host, client_id } = await world.oidc.setupClient({
        ...everything(world),
        oxd_rp_programming_language: 'ruby',
      });
      return { oxd_id, op_host, client_id };
    },
    result: { oxd_id: text, op_host: text, client_id: text },
    except: {
      '4.2': unsupported('setup_client', 'a site has the credentials of its client'),
      '4.5': unsupported('setup_client', 'a site has the credentials of its client'),
    },
  },
  {
    title: 'sets up a site for an existing client',
    call: async ({ oidc, site }) => {
      const given = { client_id: 'a-client', client_secret: 'a-secret' };
      const { client_id, client_secret } = await oidc.setupClient({ ...site, ...given });
      return { client_id, client_secret };
    },
    result: { client_id: 'a-client', client_secret: 'a-secret' },
    except: {
      '4.2': unsupported('setup_client', 'a site has the credentials of its client'),
      '4.5': unsupported('setup_client', 'a site has the credentials of its client'),
    },
  },
  {
    title: 'sets up no site whose sector identifier is unreachable',
    call: ({ oidc, site }) => oidc.setupClient({ ...site, ...UNREACHABLE_SECTOR }),
    result: failed('setup_client'),
    except: {
      '4.2': unsupported('setup_client', 'a site has the credentials of its client'),
      '4.5': unsupported('setup_client', 'a site has the credentials of its client'),
    },
  },
  {
    title: 'obtains a token with client credentials',
    call: async (world) =>
      world.oidc.getClientToken({ ...(await world.newClient()), scope: ['openid', 'oxd'] }),
    result: { access_token: text, expires_in: 600, scope: 'openid oxd' },
  },
  {
    title: 'obtains no token with a wrong secret',
    call: async (world) =>
      world.oidc.getClientToken({ ...(await world.newClient()), client_secret: 'wrong' }),
    result: failed('get_client_token'),
  },
  {
    title: 'obtains no token from an unreachable provider',
    call: ({ oidc }) =>
      oidc.getClientToken({ op_host: NOWHERE, client_id: 'any', client_secret: 'any' }),
    result: failed('get_client_token'),
  },
  {
    title: 'updates a site',
    call: async ({ oidc, site }) => {
      const { oxd_id } = await oidc.registerSite(site);
      const { authorization_redirect_uri, scope, grant_types } = site;
      const redirect_uris = [CALLBACK, `${CALLBACK}2`];
      const changed = { authorization_redirect_uri, scope, grant_types, redirect_uris };
      const result = await oidc.updateSite({ oxd_id, ...changed, contacts: ['ops@app.example'] });
      return result.oxd_id === oxd_id && Object.keys(result);
    },
    result: ['oxd_id'],
    unprotected: true,
  },
  {
    title: 'updates a site with the parameters of oxd-ruby that every oxd can change',
    call: async (world) => {
      const { oxd_id } = await world.oidc.registerSite(world.site);
      const { authorization_redirect_uri, post_logout_redirect_uri } = world.site;
      const changed = { ...everything(world), redirect_uris: [CALLBACK] };
      const { response_types, client_jwks_uri, contacts, redirect_uris } = changed;
      const { grant_types, scope, client_request_uris, client_logout_uris } = changed;
      return clientOf(
        world,
        await world.oidc.updateSite({
          ...{ oxd_id, authorization_redirect_uri, post_logout_redirect_uri, redirect_uris },
          ...{ response_types, client_jwks_uri, contacts, grant_types, scope },
          ...{ client_request_uris, client_logout_uris },
        }),
      );
    },
    result: {
      ...EVERYTHING,
      client_name: undefined,
      token_endpoint_auth_method: 'client_secret_basic',
      default_acr_values: undefined,
    },
    except: WITHOUT_RECORD,
    unprotected: true,
  },
  {
    title: 'updates name and acr values of a site, except through oxd 3.1',
    call: async (world) => {
      const { oxd_id } = await world.oidc.registerSite(world.site);
      const { client_name, acr_values } = everything(world);
      const changed = { ...world.site, client_name, acr_values };
      const { authorization_redirect_uri, scope, grant_types } = changed;
      const { default_acr_values, ...client } = await clientOf(
        world,
        await world.oidc.updateSite({
          ...{ oxd_id, client_name, acr_values, authorization_redirect_uri, scope, grant_types },
          redirect_uris: [CALLBACK],
        }),
      );
      return { default_acr_values, client_name: client.client_name };
    },
    result: { default_acr_values: ['basic'], client_name: 'A site of oxd-ruby' },
    except: {
      '3.1.1': unsupported('update_site', 'it ignores both'),
      '3.1.4': unsupported('update_site', 'it ignores both'),
    },
    unprotected: true,
  },
  {
    title: 'updates locales and authentication method of a site on embedded only',
    call: async (world) => {
      const { oxd_id } = await world.oidc.registerSite(world.site);
      const { ui_locales, claims_locales, client_token_endpoint_auth_method } = everything(world);
      const { authorization_redirect_uri, scope, grant_types } = world.site;
      const client = await clientOf(
        world,
        await world.oidc.updateSite({
          ...{ oxd_id, ui_locales, claims_locales, client_token_endpoint_auth_method },
          ...{ authorization_redirect_uri, scope, grant_types, redirect_uris: [CALLBACK] },
        }),
      );
      return client.token_endpoint_auth_method;
    },
    result: unsupported('update_site', 'it ignores them').result,
    except: { embedded: { result: 'client_secret_post', because: 'it can change them' } },
    unprotected: true,
  },
  {
    title: 'updates no site to a sector identifier that is unreachable',
    call: async ({ oidc, site }) => {
      const { oxd_id } = await oidc.registerSite(site);
      const { authorization_redirect_uri, scope, grant_types } = site;
      const redirect_uris = [CALLBACK];
      const registered = { oxd_id, authorization_redirect_uri, redirect_uris, scope, grant_types };
      return oidc.updateSite({ ...registered, ...UNREACHABLE_SECTOR });
    },
    result: failed('update_site'),
    unprotected: true,
  },
  {
    title: 'rejects the update of a site with an existing client',
    call: async (world) => {
      const { client_id, client_secret } = await world.newClient();
      const site = { ...world.site, client_id, client_secret };
      const { oxd_id } = await world.oidc.registerSite(site);
      return world.oidc.updateSite({ oxd_id, redirect_uris: [CALLBACK] });
    },
    result: failed('update_site'),
    unprotected: true,
  },
  {
    title: 'removes a site, which is unknown afterwards',
    call: async ({ oidc, site }) => {
      const { oxd_id } = await oidc.registerSite(site);
      const removed = await oidc.removeSite({ oxd_id });
      const again = await outcomeOf(oidc.removeSite({ oxd_id }));
      return { isIt: removed.oxd_id === oxd_id, again };
    },
    result: { isIt: true, again: failed('remove_site') },
    except: { '3.1.1': unsupported('remove_site', 'it has no such command') },
    unprotected: true,
  },
  {
    title: 'returns an authorization URL',
    call: async ({ oidc }) => {
      const { authorization_url } = await oidc.getAuthorizationUrl({
        scope: ['openid', 'email'],
        acr_values: ['basic', 'urn:x:2fa'],
        prompt: 'login consent',
        hd: 'a&b=c#d é€',
        custom_parameters: { one: 'v w', two: 'a&b' },
      });
      return describeUrl(authorization_url);
    },
    result: {
      response_type: 'code',
      client_id: text,
      redirect_uri: CALLBACK,
      scope: 'openid email',
      state: text,
      nonce: text,
      acr_values: 'basic urn:x:2fa',
      prompt: 'login consent',
      hd: 'a&b=c#d é€',
      custom_response_headers: '[{"one":"v w"},{"two":"a&b"}]',
    },
  },
  {
    title: 'returns an authorization URL with custom_params',
    call: async ({ oidc }) => {
      const params = { scope: ['openid'], custom_params: { one: 'v w' } };
      const { authorization_url } = await oidc.getAuthorizationUrl(params);
      return describeUrl(authorization_url).custom_response_headers;
    },
    result: '[{"one":"v w"}]',
  },
  {
    title: 'returns no authorization URL for an unknown site',
    call: ({ oidc }) =>
      oidc.getAuthorizationUrl({ oxd_id: '00000000-0000-4000-8000-000000000000' }),
    result: failed('get_authorization_url'),
  },
  {
    title: 'exchanges a code',
    call: async (world) => {
      const { id_token_claims, scope: _, ...tokens } = { scope: '', ...(await world.logIn()) };
      const claims = decodeJwt(tokens.id_token);
      expect(id_token_claims).toStrictEqual(claims);
      return { ...tokens, sub: id_token_claims.sub };
    },
    result: {
      access_token: text,
      refresh_token: text,
      id_token: text,
      expires_in: number,
      sub: 'user-zoe',
    },
  },
  {
    title: 'exchanges the code of a login whose secrets the caller keeps',
    call: async (world) => {
      const { kept, ...callback } = await world.visitAndKeep();
      const { id_token_claims } = await world.oidc.getTokensByCode({ ...callback, ...kept });
      return id_token_claims.sub;
    },
    result: 'user-zoe',
  },
  {
    title: 'exchanges no code twice',
    call: async (world) => {
      const callback = await world.visit();
      await world.oidc.getTokensByCode(callback);
      return world.oidc.getTokensByCode(callback);
    },
    result: failed('get_tokens_by_code'),
  },
  {
    title: 'exchanges no code that the provider did not issue',
    call: async (world) =>
      world.oidc.getTokensByCode({ ...(await world.visit()), code: 'no-such-code' }),
    result: failed('get_tokens_by_code'),
  },
  {
    title: 'exchanges no code with an unknown state',
    call: async (world) =>
      world.oidc.getTokensByCode({ ...(await world.visit()), state: 'no-such-state' }),
    result: failed('get_tokens_by_code'),
  },
  {
    title: 'exchanges no code with the state of another login',
    call: async (world) => {
      const browser = new Browser();
      const [first, second] = [
        await world.visit('zoe', browser),
        await world.visit('zoe', browser),
      ];
      return world.oidc.getTokensByCode({ ...first, code: second.code });
    },
    result: failed('get_tokens_by_code'),
  },
  {
    title: 'refreshes a token',
    call: async (world) => {
      const { refresh_token = '' } = await world.logIn();
      const scope = ['openid', 'profile'];
      const fresh = await world.oidc.getAccessTokenByRefreshToken({ refresh_token, scope });
      const { access_token } = fresh;
      const info = await world.oidc.getUserInfo({ access_token });
      return { ...fresh, sub: info.claims.sub };
    },
    result: {
      access_token: text,
      refresh_token: text,
      expires_in: number,
      scope: 'openid profile',
      sub: 'user-zoe',
    },
  },
  {
    title: 'rejects an invalid refresh token',
    call: ({ oidc }) => oidc.getAccessTokenByRefreshToken({ refresh_token: 'no-such-token' }),
    result: failed('get_access_token_by_refresh_token'),
  },
  {
    title: 'returns the claims of a user with their types',
    call: ({ oidc }, { access_token, id_token }) => oidc.getUserInfo({ access_token, id_token }),
    result: { claims: DEMO_USERS.find(({ username }) => username === 'zoe')?.claims },
  },
  {
    title: 'returns the claims of a user for accessToken',
    call: async ({ oidc }, { access_token }) =>
      (await oidc.getUserInfo({ accessToken: access_token })).claims.sub,
    result: 'user-zoe',
  },
  {
    title: 'returns no claims for one token under two names',
    call: ({ oidc }, { access_token }) =>
      oidc.getUserInfo({ access_token, accessToken: access_token }),
    result: failed('get_user_info'),
  },
  {
    title: 'returns no claims for an invalid token',
    call: ({ oidc }) => oidc.getUserInfo({ access_token: 'no-such-token' }),
    result: failed('get_user_info'),
  },
  {
    title: 'returns no claims with the ID token of another user',
    call: async (world, { access_token }) => {
      const other = world.sandbox.users.find(({ username }) => username !== 'zoe');
      const { id_token } = await world.logIn(other?.username);
      return world.oidc.getUserInfo({ access_token, id_token });
    },
    result: failed('get_user_info'),
  },
  {
    title: 'returns a logout URL with correctly encoded parameters',
    call: async ({ oidc }, { id_token }) => {
      const state = 'a b&c=d#e+f%20€😀';
      const { uri } = await oidc.getLogoutUri({
        id_token_hint: id_token,
        post_logout_redirect_uri: `${LOGGED_OUT}?a=b`,
        state,
      });
      const { client_id: _, id_token_hint, ...query } = describeUrl(uri);
      return { ...query, isHint: id_token_hint === id_token, isState: query.state === state };
    },
    result: {
      post_logout_redirect_uri: `${LOGGED_OUT}?a=b`,
      state: 'a b&c=d#e+f%20€😀',
      isHint: true,
      isState: true,
    },
  },
  {
    title: 'returns a logout URL with postLogoutRedirectUrl',
    call: async ({ oidc }, { id_token }) => {
      const params = { id_token_hint: id_token, postLogoutRedirectUrl: `${LOGGED_OUT}?a=b` };
      return describeUrl((await oidc.getLogoutUri(params)).uri).post_logout_redirect_uri;
    },
    result: `${LOGGED_OUT}?a=b`,
  },
  {
    title: 'returns a logout URL with session_state',
    call: async ({ oidc }, { id_token }) => {
      const params = { id_token_hint: id_token, session_state: 'a b.c' };
      return describeUrl((await oidc.getLogoutUri(params)).uri).session_state;
    },
    result: 'a b.c',
  },
  {
    title: 'returns a logout URL without a user if no ID token is passed',
    call: async ({ oidc }) => {
      const { client_id: _, ...query } = describeUrl((await oidc.getLogoutUri({})).uri);
      return query;
    },
    result: { post_logout_redirect_uri: LOGGED_OUT },
    except: { '3.1.1': unsupported('get_logout_uri', 'it requires a hint') },
  },
  {
    title: 'introspects an access token of a user',
    call: ({ oidc, site }, { access_token, id_token }) =>
      oidc
        .introspectAccessToken({ access_token })
        .then(introspected(site.op_host, decodeJwt(id_token).aud)),
    result: { ...VALID, sub: 'user-zoe', scope: 'openid profile email offline_access' },
    except: {
      '3.1.1': unsupported('introspect_access_token', 'it has no such command'),
    },
  },
  {
    title: 'introspects an access token of a client',
    call: async (world) => {
      const { oidc } = world;
      const client = await world.newClient();
      const { access_token } = await oidc.getClientToken({ ...client, scope: ['openid', 'oxd'] });
      const { op_host, client_id } = client;
      return oidc.introspectAccessToken({ access_token }).then(introspected(op_host, client_id));
    },
    result: { ...VALID, lifetime: 600, scope: 'openid oxd' },
    except: {
      '3.1.1': unsupported('introspect_access_token', 'it has no such command'),
    },
  },
  {
    title: 'introspects an invalid token as inactive',
    call: ({ oidc }) => oidc.introspectAccessToken({ access_token: 'no-such-token' }),
    result: { active: false },
    except: {
      '3.1.1': unsupported('introspect_access_token', 'it has no such command'),
    },
  },
];

/** Rows that run last, after the provider is closed. */
const OUTAGES: readonly Row[] = [
  {
    title: 'returns no claims',
    call: ({ oidc }, { access_token }) => oidc.getUserInfo({ access_token }),
    result: failed('get_user_info'),
  },
  {
    title: 'refreshes no token',
    call: ({ oidc }, { refresh_token = '' }) =>
      oidc.getAccessTokenByRefreshToken({ refresh_token }),
    result: failed('get_access_token_by_refresh_token'),
  },
  {
    title: 'introspects no token',
    call: ({ oidc }, { access_token }) => oidc.introspectAccessToken({ access_token }),
    result: failed('introspect_access_token'),
    except: {
      '3.1.1': unsupported('introspect_access_token', 'it has no such command'),
    },
  },
  {
    title: 'registers no site',
    call: ({ oidc, site }) => oidc.registerSite(site),
    result: failed('register_site'),
    unprotected: true,
  },
  {
    title: 'still returns authorization URLs',
    call: async ({ oidc }) => Object.keys(await oidc.getAuthorizationUrl()),
    result: ['authorization_url'],
    unprotected: true,
  },
];

describe.each(TRANSPORTS)('the contract on %s', (name) => {
  let world: World;
  let login: Login;
  beforeAll(async () => {
    world = await World.create(name);
    login = await world.logIn();
  });
  afterAll(() => world.close());

  it.each(rowsFor(name, ROWS))('%s', async (_title, row) => {
    expect(await outcomeOf(row.call(world, login))).toStrictEqual(expectedOn(name, row));
  });

  describe('while the provider is down', () => {
    beforeAll(() => world.sandbox.close());

    it.each(rowsFor(name, OUTAGES))('%s', async (_title, row) => {
      expect(await outcomeOf(row.call(world, login))).toStrictEqual(expectedOn(name, row));
    });
  });
});

function rowsFor(name: TransportName, rows: readonly Row[]): [string, Row][] {
  const isProtected = traitsOf(name).includes('protected');
  return rows
    .filter(({ unprotected }) => !unprotected || !isProtected)
    .map((row) => [row.title, row]);
}

/** Query of a URL without PKCE, which only embedded uses, and without scopes of Gluu. */
function describeUrl(url: string): Record<string, string> {
  const query: Record<string, string> = Object.fromEntries(new URL(url).searchParams);
  const { code_challenge: _, code_challenge_method: __, ...shown } = query;
  if (shown.scope === undefined) return shown;
  const scope = shown.scope.split(' ').filter((name) => !GLUU_SCOPES.has(name));
  return { ...shown, scope: scope.join(' ') };
}
