import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  MemoryStore,
  OidcService,
  OxdConfigurationError,
  OxdModule,
  UmaService,
  type OxdModuleOptions,
} from '../../lib/index.js';
import { OidcStrategy } from '../../lib/oidc/passport.js';
import { resolveOptions } from '../../lib/options/oxd.options.js';
import { FakeOp } from '../support/fake-op.js';
import { registerSecret } from '../support/secrets.js';

const baseUrl = 'https://api.example.com/v1';
const secret = 'a test secret of more than 32 characters';
const client = { client_id: 'mine', client_secret: 'secret-of-the-api' };
registerSecret(client.client_secret);

let op: FakeOp;
beforeAll(async () => (op = await FakeOp.start()));
afterAll(() => op.close());

function options(more: Partial<OxdModuleOptions['site']> = {}): OxdModuleOptions {
  return {
    site: { op_host: op.issuer, ...client, ...more },
    baseUrl,
    secret,
    store: new MemoryStore(),
    transport: { type: 'embedded', allowInsecureRequests: true },
  };
}

function issuesOf(given: OxdModuleOptions): readonly string[] {
  try {
    resolveOptions(given);
    return [];
  } catch (error) {
    if (error instanceof OxdConfigurationError) return error.issues;
    throw error;
  }
}

describe('a site without authorization_redirect_uri', () => {
  it('is accepted on embedded with baseUrl and a given client', () => {
    expect(issuesOf(options())).toEqual([]);
    expect(resolveOptions(options()).baseUrl).toBe(baseUrl);
  });

  it.each([
    { name: 'without baseUrl', more: { baseUrl: undefined } },
    { name: 'on socket', more: { transport: { type: 'socket' } } as const },
    {
      name: 'without a given client',
      more: { site: { op_host: 'https://op.example.com' }, transport: undefined },
    },
  ])('is rejected $name', ({ more }) => {
    expect(issuesOf({ ...options(), ...more })).toEqual([
      expect.stringContaining('site.authorization_redirect_uri: is missing'),
    ]);
  });

  it('executes commands of the given client, also after changed options', async () => {
    const store = new MemoryStore();
    for (const scope of [['openid'], ['openid', 'email']]) {
      const given = { ...options({ scope }), store };
      const module = await Test.createTestingModule({ imports: [OxdModule.forRoot(given)] })
        .setLogger({ log: () => undefined, warn: () => undefined, error: () => undefined })
        .compile();
      await module.init();
      const introspected = module
        .get(OidcService)
        .introspectAccessToken({ access_token: 'a-token' });
      await expect(introspected).resolves.toMatchObject({ active: true });
      expect(module.get(UmaService)).toBeDefined();
      await module.close();
    }
    expect(op.seen('register')).toHaveLength(0);
  });

  it('rejects a login with OxdConfigurationError before anything is sent', async () => {
    op.reset();
    const module = await Test.createTestingModule({ imports: [OxdModule.forRoot(options())] })
      .setLogger({ log: () => undefined, warn: () => undefined, error: () => undefined })
      .compile();
    const oidc = module.get(OidcService);
    for (const login of [oidc.startLogin(), oidc.getAuthorizationUrl()]) {
      await expect(login).rejects.toThrow(OxdConfigurationError);
      await expect(login).rejects.toThrow('site.authorization_redirect_uri: is missing');
    }
    expect(op.requests).toEqual([]);
    await module.close();
  });

  it('rejects an authorization URL for its site if oxd_id is null', async () => {
    const module = await Test.createTestingModule({ imports: [OxdModule.forRoot(options())] })
      .setLogger({ log: () => undefined, warn: () => undefined, error: () => undefined })
      .compile();
    const oxd_id = null as unknown as string;
    const url = module.get(OidcService).getAuthorizationUrl({ oxd_id });
    await expect(url).rejects.toMatchObject({ error: 'redirect_uri_is_not_registered' });
    await module.close();
  });

  it('does not start with OidcStrategy', async () => {
    @Module({ imports: [OxdModule.forRoot(options())], providers: [OidcStrategy] })
    class AppModule {}
    const starting = Test.createTestingModule({ imports: [AppModule] }).compile();
    await expect(starting).rejects.toThrow(OxdConfigurationError);
    await expect(starting).rejects.toThrow(
      'OidcStrategy: requires site.authorization_redirect_uri',
    );
  });
});
