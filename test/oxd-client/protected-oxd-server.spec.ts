import { Test } from '@nestjs/testing';
import { MemoryStore, OidcService, OxdModule, UmaService } from '../../lib/index.js';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { OxdServer, type OxdServerOptions } from '../../lib/testing/testing.js';
import { registerSecret } from '../support/secrets.js';

const CALLBACK = 'https://app.example/callback';
const LOGGED_OUT = 'https://app.example/';

let sandbox: Sandbox;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  const silent = { port: 0, clientsFile: false, quiet: true } as const;
  sandbox = await startSandbox({ ...silent, onSecret: registerSecret });
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(() => sandbox.close());

/** Commands that an oxd received, and a module whose site has only the scopes of a login and of UMA. */
async function connected(options: OxdServerOptions) {
  const commands: string[] = [];
  const server = await OxdServer.start({
    ...{ protectCommands: true, allowInsecureRequests: true, onSecret: registerSecret },
    ...{ onCommand: (command) => void commands.push(command), ...options },
  });
  open.push(server);
  const { url, ca } = server;
  const { version = '3.1.4' } = options;
  const site = {
    ...{ op_host: sandbox.issuer, authorization_redirect_uri: CALLBACK },
    ...{ post_logout_redirect_uri: LOGGED_OUT, scope: ['openid', 'profile', 'uma_protection'] },
    grant_types: ['authorization_code', 'client_credentials'],
  };
  const transport = { type: 'https', url, version, ca } as const;
  const secret = 'a test secret of more than 32 characters';
  const module = await Test.createTestingModule({
    imports: [OxdModule.forRoot({ site, secret, store: new MemoryStore(), transport })],
  }).compile();
  module.useLogger(false);
  await module.init();
  open.push(module);
  return { commands, oidc: module.get(OidcService), uma: module.get(UmaService) };
}

describe.each([
  { name: 'the extension 3.1.4', options: { version: '3.1.4', extension: true } as const },
  { name: 'the REST API of 4.2', options: { version: '4.2' } as const },
  { name: 'the REST API of 4.5', options: { version: '4.5' } as const },
])('$name with protected commands', ({ options }) => {
  const register = 'extension' in options ? 'setup_client' : 'register_site';

  it('registers once and serves parallel logins with one token', async () => {
    const { commands, oidc } = await connected(options);
    const logins = await Promise.all(Array.from({ length: 4 }, () => oidc.startLogin()));
    for (const { url } of logins)
      expect(new URL(url).searchParams.get('scope')).toBe('openid profile');
    for (const command of [register, 'get_client_token'])
      expect(commands.filter((one) => one === command)).toEqual([command]);
  });

  it('protects a resource and checks the access to it', async () => {
    const { uma } = await connected(options);
    const conditions = [{ httpMethods: ['GET'], scopes: ['read'] }];
    await uma.protect({ resources: [{ path: '/photo', conditions }] });
    const check = uma.checkAccess({ path: '/photo', http_method: 'GET' });
    await expect(check).resolves.toMatchObject({ access: 'denied', ticket: expect.any(String) });
  });

  it('returns to the site after a logout and updates the site', async () => {
    const { oidc } = await connected(options);
    const { uri } = await oidc.getLogoutUri({});
    expect(new URL(uri).searchParams.get('post_logout_redirect_uri')).toBe(LOGGED_OUT);
    await oidc.updateSite({ contacts: ['a@app.example'] });
    await expect(oidc.getLogoutUri({})).resolves.toEqual({ uri });
  });
});

it.each(['4.2', '4.5'] as const)(
  'oxd %s serves another site with the token of the own',
  async (version) => {
    const { oidc } = await connected({ version });
    const { oxd_id } = await oidc.registerSite({
      ...{ op_host: sandbox.issuer, authorization_redirect_uri: CALLBACK },
      ...{ scope: ['openid'], client_name: 'another site' },
    });
    const { authorization_url } = await oidc.getAuthorizationUrl({ oxd_id });
    const own = await oidc.getAuthorizationUrl();
    const clientOf = (url: string): unknown => new URL(url).searchParams.get('client_id');
    expect(clientOf(authorization_url)).not.toBe(clientOf(own.authorization_url));
  },
);
