import type { OidcService } from '../../lib/index.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { startService } from '../support/oidc-service.js';

const op_host = 'https://op.example.com';
const authorization_redirect_uri = 'https://app.example.com/callback';
const client = { op_host, client_id: 'client-1', client_secret: 'its secret' };
const site = { op_host, authorization_redirect_uri };
const uri = 'https://app.example.com/bye';

interface Row {
  readonly title: string;
  readonly call: (oidc: OidcService) => Promise<unknown>;
  readonly sent: Readonly<Record<string, unknown>>;
}

const ALIASES: readonly Row[] = [
  {
    title: 'custom_params of getAuthorizationUrl as custom_parameters',
    call: (oidc) => oidc.getAuthorizationUrl({ custom_params: { a: 'b' } }),
    sent: { oxd_id: 'site-1', custom_parameters: { a: 'b' } },
  },
  {
    title: 'custom_params of startLogin as custom_parameters',
    call: (oidc) => oidc.startLogin({ custom_params: { a: 'b' } }),
    sent: {
      oxd_id: 'site-1',
      custom_parameters: { a: 'b' },
      scope: ['openid', 'profile', 'email'],
      keep_state: false,
    },
  },
  {
    title: 'accessToken of getUserInfo as access_token',
    call: (oidc) => oidc.getUserInfo({ accessToken: 'token-1' }),
    sent: { oxd_id: 'site-1', access_token: 'token-1' },
  },
  {
    title: 'postLogoutRedirectUrl of getLogoutUri as post_logout_redirect_uri',
    call: (oidc) => oidc.getLogoutUri({ postLogoutRedirectUrl: uri, id_token_hint: 'hint' }),
    sent: { oxd_id: 'site-1', post_logout_redirect_uri: uri, id_token_hint: 'hint' },
  },
  {
    title: 'post_logout_redirect_url and client_logout_uris of registerSite',
    call: (oidc) =>
      oidc.registerSite({ ...site, post_logout_redirect_url: uri, client_logout_uris: [uri] }),
    sent: { ...site, post_logout_redirect_uri: uri, client_frontchannel_logout_uris: [uri] },
  },
  {
    title: 'post_logout_redirect_url and client_logout_uris of setupClient',
    call: (oidc) =>
      oidc.setupClient({ ...site, post_logout_redirect_url: uri, client_logout_uris: [uri] }),
    sent: { ...site, post_logout_redirect_uri: uri, client_frontchannel_logout_uris: [uri] },
  },
  {
    title: 'post_logout_redirect_url and client_logout_uris of updateSite',
    call: (oidc) => oidc.updateSite({ post_logout_redirect_url: uri, client_logout_uris: [uri] }),
    sent: {
      oxd_id: 'site-1',
      post_logout_redirect_uri: uri,
      client_frontchannel_logout_uris: [uri],
    },
  },
  {
    title: 'op_discovery_path of registerSite with the slash that was omitted',
    call: (oidc) => oidc.registerSite({ ...site, op_discovery_path: 'oxauth' }),
    sent: { ...site, op_discovery_path: '/oxauth' },
  },
  {
    title: 'op_discovery_path of getClientToken with the slash that was omitted',
    call: (oidc) => oidc.getClientToken({ ...client, op_discovery_path: 'realms/shop' }),
    sent: { ...client, op_discovery_path: '/realms/shop' },
  },
  {
    title: 'op_discovery_path with a slash unchanged',
    call: (oidc) => oidc.setupClient({ ...site, op_discovery_path: '/oxauth' }),
    sent: { ...site, op_discovery_path: '/oxauth' },
  },
  {
    title: 'the contract name if the other one is undefined',
    call: (oidc) => oidc.getUserInfo({ access_token: 'token-1', accessToken: undefined }),
    sent: { oxd_id: 'site-1', access_token: 'token-1' },
  },
];

describe('OidcService sends', () => {
  it.each(ALIASES)('$title', async ({ call, sent }) => {
    const { transport, ...service } = await started();
    await call(service.oidc);
    await service.close();
    expect(transport.calls.map(({ params }) => params)).toEqual([sent]);
  });

  it.each<readonly [string, Row['call']]>([
    [
      'custom_params and custom_parameters',
      (oidc) => oidc.getAuthorizationUrl({ custom_params: {}, custom_parameters: {} }),
    ],
    [
      'accessToken and access_token',
      (oidc) => oidc.getUserInfo({ accessToken: 'one', access_token: 'one' }),
    ],
    [
      'postLogoutRedirectUrl and post_logout_redirect_uri',
      (oidc) => oidc.getLogoutUri({ postLogoutRedirectUrl: uri, post_logout_redirect_uri: uri }),
    ],
    [
      'client_logout_uris and client_frontchannel_logout_uris',
      (oidc) =>
        oidc.registerSite({
          ...site,
          client_logout_uris: [uri],
          client_frontchannel_logout_uris: [uri],
        }),
    ],
  ])('nothing for %s together, and the error names both', async (names, call) => {
    const { transport, ...service } = await started();
    const rejected = await call(service.oidc).catch((error: unknown) => error);
    await service.close();
    expect(rejected).toMatchObject({
      ...{ name: 'OxdCommandError', code: 'OXD_COMMAND_FAILED', error: 'bad_request' },
      message: expect.stringContaining(`${names} are one parameter`) as unknown,
    });
    expect(transport.calls).toEqual([]);
  });
});

async function started() {
  const registered = { oxd_id: 'site-2', op_host };
  const transport = new ScriptedTransport({
    get_authorization_url: { authorization_url: `${op_host}/authorize?state=s` },
    get_user_info: { claims: { sub: 'alice' } },
    get_logout_uri: { uri: `${op_host}/logout` },
    register_site: registered,
    setup_client: { ...registered, client_id: 'c', client_secret: 's' },
    update_site: { oxd_id: 'site-1' },
    get_client_token: { access_token: 'token-2' },
  });
  const service = await startService({ transport, site: { op_host, oxd_id: 'site-1' } });
  return { ...service, transport };
}
