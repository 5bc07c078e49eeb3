import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  BearerGuard,
  BearerProtected,
  keycloakRoles,
  MemoryStore,
  OidcService,
  OxdModule,
  type OxdModuleOptions,
} from '../../../lib/index.js';
import { TestIssuer, type TestTokenOptions } from '../../../lib/testing/testing.js';
import { AUDIENCE, outcomeOf } from '../../support/bearer-app.js';
import { closing } from '../../support/closing.js';
import { registerSecret, secretsIn } from '../../support/secrets.js';
import { ADAPTERS, startApp, type RunningApp } from '../../support/uma-app.js';

const REALM = 'realm="localhost:47124"';

@Controller('albums')
@UseGuards(BearerGuard)
@BearerProtected({ scopes: ['view'], roles: ['editor'] })
class Albums {
  @Get() list(): string {
    return 'ran';
  }
}

const VALID = { aud: AUDIENCE, scope: 'openid view', roles: ['editor'] } as const;

let issuer: TestIssuer;
let other: TestIssuer;
beforeAll(async () => {
  issuer = await TestIssuer.start();
  other = await TestIssuer.start();
});
afterAll(async () => {
  await issuer.close();
  await other.close();
});

describe.each(ADAPTERS)('BearerGuard with tokens of an issuer, on %s', (adapter) => {
  async function start(bearer: OxdModuleOptions['bearer'] = {}): Promise<RunningApp> {
    const module = OxdModule.forRoot({
      site: {
        op_host: issuer.issuer,
        authorization_redirect_uri: 'http://localhost:47124/callback',
      },
      transport: { type: 'embedded', allowInsecureRequests: true, timeout: 5_000 },
      secret: 'a test secret of more than 32 characters',
      store: new MemoryStore(),
      bearer: { audience: AUDIENCE, roles: keycloakRoles(), ...bearer },
    });
    return closing(
      await startApp({ adapter, imports: [{ ...module, global: true }], controllers: [Albums] }),
    );
  }

  async function issue(options: TestTokenOptions = {}, from = issuer): Promise<string> {
    const value = await from.token({ ...VALID, ...options });
    registerSecret(value);
    return value;
  }

  const granted: { name: string; given: TestTokenOptions; bearer?: OxdModuleOptions['bearer'] }[] =
    [
      { name: 'a JWT', given: {} },
      { name: 'an opaque token', given: { form: 'opaque' } },
      {
        name: 'a lightweight token',
        given: { form: 'lightweight' },
        bearer: { introspection: 'always' },
      },
      { name: 'a JWT from the cache', given: {}, bearer: { cache: {} } },
    ];

  it.each(granted)('grant with $name', async ({ given, bearer }) => {
    const app = await start(bearer);
    const rpt = await issue(given);
    for (let count = 0; count < 2; count++) {
      const answer = await app.ask({ path: '/albums', rpt });
      expect([answer.status, answer.body]).toEqual([200, 'ran']);
    }
    expect(app.log.with('warn', 'Albums')).toEqual([]);
  });

  async function expectInvalid(app: RunningApp, rpt: string, reason: string): Promise<void> {
    const answer = await app.ask({ path: '/albums', rpt });
    expect(outcomeOf(answer)).toEqual({
      status: 401,
      error: 'BEARER_INVALID_TOKEN',
      challenge: `Bearer ${REALM}, error="invalid_token"`,
    });
    expect(answer.headers['cache-control']).toBe('no-store');
    const [line, ...more] = app.log.with(
      'warn',
      'Albums.list: 401 BEARER_INVALID_TOKEN, rejected token: ',
    );
    expect(line).toContain(reason);
    expect(more).toEqual([]);
    expect(secretsIn(app.log.lines.join() + answer.body)).toEqual([]);
  }

  it('deny with a token that has expired', async () => {
    await expectInvalid(await start(), await issue({ expiresIn: -60 }), 'exp');
  });

  it('deny with a JWT of another issuer', async () => {
    await expectInvalid(await start(), await issue({}, other), 'no key');
  });

  it('deny with a revoked opaque token', async () => {
    const rpt = await issue({ form: 'opaque' });
    issuer.revoke(rpt);
    await expectInvalid(await start(), rpt, 'revoked');
  });

  it('deny with a revoked token of the cache after removeSite()', async () => {
    const app = await start({ cache: {} });
    const rpt = await issue({ form: 'opaque' });
    const status = async () => (await app.ask({ path: '/albums', rpt })).status;
    expect(await status()).toBe(200);
    issuer.revoke(rpt);
    expect(await status()).toBe(200);
    await app.app.get(OidcService).removeSite();
    await expectInvalid(app, rpt, 'revoked');
  });

  it.each([
    { name: 'scope', given: { scope: 'openid' }, error: 'BEARER_INSUFFICIENT_SCOPE' },
    { name: 'role', given: { roles: ['viewer'] }, error: 'BEARER_INSUFFICIENT_ROLE' },
  ])('deny with a JWT without the $name', async ({ given, error }) => {
    const app = await start();
    const answer = await app.ask({ path: '/albums', rpt: await issue(given) });
    expect(outcomeOf(answer)).toMatchObject({ status: 403, error });
  });

  it.each([
    { name: 'keys', endpoint: 'jwks', given: {} },
    { name: 'discovery', endpoint: 'discovery', given: {} },
    { name: 'introspection', endpoint: 'introspection', given: { form: 'opaque' } },
  ] as const)('respond with 503 while $name fails, then grant', async ({ endpoint, given }) => {
    const app = await start();
    const rpt = await issue(given);
    issuer.disturb(endpoint, { status: 503 });
    const answer = await app.ask({ path: '/albums', rpt });
    issuer.disturb(endpoint);
    expect(outcomeOf(answer)).toEqual({
      status: 503,
      error: 'BEARER_UNAVAILABLE',
      challenge: undefined,
    });
    expect([answer.headers['retry-after'], answer.headers['cache-control']]).toEqual([
      '5',
      'no-store',
    ]);
    expect(app.log.with('warn', 'Albums.list: 503 BEARER_UNAVAILABLE, ')).toHaveLength(1);
    expect(secretsIn(app.log.lines.join())).toEqual([]);
    await app.clock.advance(60_000);
    const later = await issue(given);
    expect((await app.ask({ path: '/albums', rpt: later })).status).toBe(200);
  });
});
