import { Test } from '@nestjs/testing';
import { MemoryStore, OidcService, OxdModule, type SiteOptions } from '../../lib/index.js';
import { OxdServer } from '../../lib/testing/testing.js';
import { FakeOp, type Seen } from '../support/fake-op.js';
import { registerSecret } from '../support/secrets.js';
import { LogLines } from '../support/uma-app.js';

const CALLBACK = 'https://app.example.com/callback';
const JWKS_URI = 'https://app.example.com/jwks';
const JWKS = { keys: [{ kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9', y: 'x_FEzRu9m36HLN' }] };

let op: FakeOp;
let server: OxdServer;
let store: MemoryStore;

beforeAll(async () => {
  op = await FakeOp.start();
  server = await OxdServer.start({
    version: '3.1.4',
    allowInsecureRequests: true,
    onSecret: registerSecret,
  });
});
afterAll(async () => {
  await server.close();
  await op.close();
});
beforeEach(() => {
  op.reset();
  store = new MemoryStore();
});

/** Starts an application and closes it; returns the log and the authorization URL of a login. */
async function start(type: 'embedded' | 'socket', more: Partial<SiteOptions> = {}) {
  const log = new LogLines();
  const options = {
    site: { op_host: op.issuer, authorization_redirect_uri: CALLBACK, ...more },
    secret: 'a test secret of more than 32 characters',
    store,
    transport:
      type === 'socket'
        ? { type, port: server.port, version: '3.1.4' as const }
        : { type, allowInsecureRequests: true },
  };
  const imports = [OxdModule.forRoot(options)];
  const module = await Test.createTestingModule({ imports }).setLogger(log).compile();
  try {
    await module.init();
    const { authorization_url } = await module.get(OidcService).getAuthorizationUrl({});
    const state = new URL(authorization_url).searchParams.get('state');
    registerSecret(state ?? '');
    return { log: log.lines, url: new URL(authorization_url) };
  } finally {
    await module.close();
  }
}

const puts = () => op.seen('client').filter(({ method }) => method === 'PUT');
const body = (seen?: Seen) => JSON.parse(seen?.body ?? '') as Record<string, unknown>;

describe('a site parameter that was removed from the options', () => {
  it('is removed from the registration, and no longer applied, on embedded', async () => {
    const before = await start('embedded', {
      require_auth_time: true,
      default_max_age: 60,
      jwks: JSON.stringify(JWKS),
      post_logout_redirect_uris: ['https://app.example.com/out'],
      contacts: ['a@example.com'],
    });
    expect(before.url.searchParams.get('max_age')).toBe('60');
    const { log, url } = await start('embedded', { contacts: ['a@example.com'] });
    expect(log).toEqual([]);
    expect(url.searchParams.has('max_age')).toBe(false);
    expect(puts().map(body)).toEqual([
      {
        client_id: expect.any(String) as string,
        redirect_uris: [CALLBACK],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        scope: 'openid profile email',
        contacts: ['a@example.com'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ]);
    await start('embedded', { contacts: ['a@example.com'] });
    expect(puts()).toHaveLength(1);
  });

  it('may be replaced by a conflicting parameter on embedded', async () => {
    await start('embedded', { jwks: JSON.stringify(JWKS) });
    const changed = { client_jwks_uri: JWKS_URI, scope: ['openid', 'phone'] };
    expect((await start('embedded', changed)).log).toEqual([]);
    expect(puts().map(body)).toEqual([
      expect.objectContaining({ jwks_uri: JWKS_URI, scope: 'openid phone' }),
    ]);
    expect(body(puts()[0])).not.toHaveProperty('jwks');
  });

  it('may remain in effect at an oxd-server, which is logged once', async () => {
    await start('socket', { contacts: ['a@example.com'], client_jwks_uri: JWKS_URI });
    const { log } = await start('socket');
    expect(log).toEqual([
      'warn: oxd 3.1.4 cannot remove parameters of a registration: site.client_jwks_uri, ' +
        'site.contacts may remain in effect. Remove them at the provider, or change ' +
        'site.client_name to register a new site.',
    ]);
    expect((await start('socket')).log).toEqual([]);
  });
});
