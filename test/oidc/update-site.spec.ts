import { Test } from '@nestjs/testing';
import { MemoryStore, OidcService, OxdModule, type SiteOptions } from '../../lib/index.js';
import type { Sandbox } from '../../lib/sandbox/sandbox.js';
import { OxdServer, ScriptedTransport } from '../../lib/testing/testing.js';
import { startQuietly } from '../support/sandbox-uma-world.js';
import { closing } from '../support/closing.js';
import { registerSecret } from '../support/secrets.js';

const CALLBACK = 'https://app.example/callback';
const contacts = ['ops@app.example'];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startQuietly();
});
afterAll(() => sandbox.close());

describe.each(['3.1.1', '3.1.4'] as const)('updateSite() through oxd %s', (version) => {
  async function oidcOf(strictUpdates: boolean): Promise<OidcService> {
    const server = closing(
      await OxdServer.start({
        ...{ version, strictUpdates, allowInsecureRequests: true, onSecret: registerSecret },
      }),
    );
    const imports = [
      OxdModule.forRoot({
        site: { op_host: sandbox.issuer, authorization_redirect_uri: CALLBACK },
        transport: { type: 'socket', port: server.port, version },
        secret: 'a test secret of more than 32 characters',
        store: new MemoryStore(),
      }),
    ];
    const module = closing(await Test.createTestingModule({ imports }).compile());
    module.useLogger(false);
    await module.init();
    return module.get(OidcService);
  }

  it.each([
    { name: 'that does not require redirect_uris', strict: false },
    { name: 'that requires redirect_uris', strict: true },
  ])('changes the contacts at a provider $name', async ({ strict }) => {
    const oidc = await oidcOf(strict);
    const { oxd_id } = await oidc.updateSite({ contacts });
    expect(await oidc.updateSite({ oxd_id, contacts })).toEqual({ oxd_id });
    const { authorization_url } = await oidc.getAuthorizationUrl({ scope: ['openid'] });
    const { searchParams } = new URL(authorization_url);
    registerSecret(searchParams.get('state') ?? '');
    expect(searchParams.get('redirect_uri')).toBe(CALLBACK);
  });
});

describe('updateSite()', () => {
  class ScriptedOxd extends ScriptedTransport {
    constructor(override readonly version: 'contract' | '3.1.4') {
      super({
        register_site: { oxd_id: 'site-1', op_host: 'https://op.example' },
        update_site: { oxd_id: 'site-1' },
        get_authorization_url: { authorization_url: 'https://op.example/auth' },
      });
    }
  }

  async function sentParams(
    version: ScriptedOxd['version'],
    site: Partial<SiteOptions>,
    params: object,
  ) {
    const transport = new ScriptedOxd(version);
    const own = { op_host: 'https://op.example', authorization_redirect_uri: CALLBACK, ...site };
    const store = new MemoryStore();
    const secret = 'a test secret of more than 32 characters';
    const imports = [OxdModule.forRoot({ site: own, transport, store, secret })];
    const module = closing(await Test.createTestingModule({ imports }).compile());
    await module.init();
    await module.get(OidcService).updateSite(params);
    return transport.calls.at(-1)?.params;
  }

  const other = 'https://app.example/other';
  const grant_types = ['authorization_code', 'client_credentials'];
  it.each([
    {
      name: 'adds the redirect URI and the grant types of the options',
      site: { grant_types },
      params: { contacts },
      expected: { oxd_id: 'site-1', contacts, redirect_uris: [CALLBACK], grant_types },
    },
    {
      name: 'adds every redirect URI of the options',
      site: { redirect_uris: [CALLBACK, other] },
      params: { contacts },
      expected: { oxd_id: 'site-1', contacts, redirect_uris: [CALLBACK, other] },
    },
    {
      name: 'adds a new authorization_redirect_uri to those of the options',
      site: {},
      params: { authorization_redirect_uri: other },
      expected: {
        oxd_id: 'site-1',
        authorization_redirect_uri: other,
        redirect_uris: [other, CALLBACK],
      },
    },
    {
      name: 'does not change the parameters of the call',
      site: { grant_types },
      params: { redirect_uris: [other], grant_types: ['authorization_code'] },
      expected: {
        oxd_id: 'site-1',
        redirect_uris: [other],
        grant_types: ['authorization_code'],
      },
    },
    {
      name: 'adds nothing to the update of another site',
      site: { grant_types },
      params: { oxd_id: 'site-2', contacts },
      expected: { oxd_id: 'site-2', contacts },
    },
  ])('$name on oxd', async ({ site, params, expected }) => {
    expect(await sentParams('3.1.4', site, params)).toEqual(expected);
  });

  it('adds nothing on the embedded transport, which sends the whole registration', async () => {
    expect(await sentParams('contract', { grant_types }, { contacts })).toEqual({
      oxd_id: 'site-1',
      contacts,
    });
  });
});
