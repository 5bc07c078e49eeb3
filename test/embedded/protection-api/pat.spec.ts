import { inspect } from 'node:util';
import type { Answer, Seen } from '../../support/fake-op.js';
import { FakeAs, RS } from '../../support/fake-as.js';
import { secretsIn } from '../../support/secrets.js';
import { limitEndedBy, rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { PHOTO, protectedSite, rsSite } from '../../support/uma-site.js';

let as: FakeAs;
let transport: TestTransport;
let oxd_id: string;
let now: number;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(() => {
  now = 1_800_000_000_000;
  as.reset();
  as.op.clock = () => now;
  transport = new TestTransport({ clock: () => now });
});
afterEach(() => TestTransport.closeAll());

const check = (rpt?: string) =>
  transport.run('uma_rs_check_access', { oxd_id, path: '/photo', http_method: 'GET', rpt });
const patRequests = (): number => as.seen('pat').length;
const scopes = () => as.seen('pat').map(({ form }) => form.get('scope'));
const refusingScope = (seen: Seen): Answer =>
  seen.form.has('scope')
    ? { status: 400, json: { error: 'invalid_scope' } }
    : as.usual('pat', seen);

describe('a PAT', () => {
  it.each([
    ['spec', 'uma_protection'],
    ['gluu', 'uma_protection'],
    ['solidlab', 'uma_protection'],
    ['keycloak', null],
  ] as const)('is requested at %s with scope %p and the client’s secret', async (vendor, scope) => {
    as.reset(vendor);
    oxd_id = await protectedSite(transport, as);
    const [request, ...others] = as.seen('pat');
    expect(others).toHaveLength(0);
    expect(request?.form.get('grant_type')).toBe('client_credentials');
    expect(request?.form.get('scope')).toBe(scope);
    expect(request?.headers.authorization).toMatch(/^Basic /);
  });

  it('is requested with the scope that only UMA discovery lists', async () => {
    as.op.discovery = {};
    as.discovery = { scopes_supported: ['uma_protection'] };
    oxd_id = await protectedSite(transport, as);
    expect(as.seen('pat')[0]?.form.get('scope')).toBe('uma_protection');
  });

  it.each([undefined, null])(
    'is requested with the scope if no scopes are listed: %p',
    async (list) => {
      as.op.discovery = { scopes_supported: list };
      as.discovery = { scopes_supported: list };
      as.on('pat', (seen) =>
        seen.form.get('scope') === 'uma_protection'
          ? as.usual('pat', seen)
          : { status: 400, json: { error: 'invalid_request' } },
      );
      oxd_id = await protectedSite(transport, as);
      expect(await check()).toMatchObject({ access: 'denied' });
      expect(patRequests()).toBe(1);
      expect(transport.warnings).toEqual([]);
    },
  );

  it('is requested with the scope again if the server issues none without it', async () => {
    as.on('pat', refusingScope);
    oxd_id = await rsSite(transport, as);
    as.on('pat', { status: 400, json: { error: 'invalid_scope' } });
    await rejectionOf(transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] }));
    await rejectionOf(transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] }));
    expect(scopes()).toEqual(['uma_protection', null, 'uma_protection', null]);
    expect(transport.warnings).toEqual([]);
  });

  it('is requested once more without the scope after the scope is rejected', async () => {
    as.on('pat', refusingScope);
    oxd_id = await protectedSite(transport, as);
    expect(scopes()).toEqual(['uma_protection', null]);
  });

  it('is renewed without a rejected scope, which is logged once', async () => {
    as.on('pat', refusingScope);
    oxd_id = await protectedSite(transport, as);
    for (let times = 0; times < 2; times++) {
      now += 300_000;
      expect(await check()).toMatchObject({ access: 'denied' });
    }
    expect(scopes()).toEqual(['uma_protection', null, null, null]);
    expect(transport.warnings).toEqual([
      `${as.issuer}: the scope uma_protection is omitted. ` +
        'The server rejects the scope for a token of the client (invalid_scope).',
    ]);
  });

  it('of another client is requested with the scope', async () => {
    as.on('pat', refusingScope);
    oxd_id = await protectedSite(transport, as);
    as.on('pat', undefined);
    const other = await transport.site(as, { ...RS, client_id: 'other-client' });
    await transport.run('uma_rs_protect', { oxd_id: other, resources: [PHOTO] });
    expect(scopes()).toEqual(['uma_protection', null, 'uma_protection']);
  });

  it('is requested with the scope again after a PAT without the scope is rejected', async () => {
    as.reset('gluu');
    as.on('pat', refusingScope);
    oxd_id = await protectedSite(transport, as);
    as.on('permission', { status: 406, json: { error: 'invalid_client_scope' } });
    await rejectionOf(check());
    // Now an administrator allows it.
    as.on('pat', undefined);
    as.on('permission', undefined);
    as.revokePats();
    now += 10_000;
    expect(await check()).toMatchObject({ access: 'denied' });
    expect(scopes()).toEqual(['uma_protection', null, null, 'uma_protection']);
  });

  it.each([
    { name: 'warns once if the site names the scope', scope: ['uma_protection'], warnings: 1 },
    { name: 'does not warn otherwise', scope: ['openid'], warnings: 0 },
  ])('without an unlisted scope $name', async ({ scope, warnings }) => {
    as.reset('keycloak');
    oxd_id = await transport.site(as, { ...RS, scope });
    await transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
    now += 300_000;
    await check();
    expect(scopes()).toEqual([null, null]);
    expect(transport.warnings).toEqual(
      [
        `${as.issuer}: the scope uma_protection is omitted. Discovery does not list the scope.`,
      ].slice(0, warnings),
    );
  });

  it('comes from the token endpoint of UMA discovery', async () => {
    as.discovery = { token_endpoint: `${as.issuer}/uma/resource/token` };
    as.on('resources', (seen: Seen): Answer | Promise<Answer> =>
      seen.url.endsWith('/token') ? as.usual('pat', seen) : as.usual('resources', seen),
    );
    oxd_id = await protectedSite(transport, as);
    expect(patRequests()).toBe(0);
    expect(as.resources.size).toBe(1);
  });

  it('is shared by 32 parallel checks and later ones', async () => {
    const first = transport;
    oxd_id = await protectedSite(first, as);
    transport = new TestTransport({ store: first.store, clock: () => now });
    const before = patRequests();
    const rpt = as.rpt(as.item(as.idOf('[GET] /photo'), 'view'));
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, at) => check(at % 2 === 0 ? rpt : undefined)),
    );
    expect(answers.filter(({ access }) => access === 'granted')).toHaveLength(16);
    await check();
    expect(patRequests()).toBe(before + 1);
    expect(as.seen('uma-discovery')).toHaveLength(2);
  });

  it.each([
    [300, 239, 241],
    [3600, 3539, 3541],
    [60, 29, 31],
    [10, 4, 6],
    [undefined, 239, 241],
  ])('that lives %p s is used for %i s and renewed after %i s', async (lifetime, good, over) => {
    as.patLifetime = lifetime;
    oxd_id = await protectedSite(transport, as);
    now += good * 1000;
    await check();
    expect(patRequests()).toBe(1);
    now += (over - good) * 1000;
    await check();
    expect(patRequests()).toBe(2);
  });

  it('is obtained per client', async () => {
    oxd_id = await protectedSite(transport, as);
    const other = await transport.site(as, { ...RS, client_id: 'other-client' });
    await transport.run('uma_rs_protect', { oxd_id: other, resources: [PHOTO] });
    expect(patRequests()).toBe(2);
  });

  it('is deleted with its site', async () => {
    oxd_id = await protectedSite(transport, as);
    await transport.run('remove_site', { oxd_id });
    expect(inspect(transport, { depth: 8 })).not.toContain('pat-');
  });

  it('is never stored or logged', async () => {
    oxd_id = await protectedSite(transport, as);
    await check();
    const keys = [`site:${oxd_id}`, await transport.resourcesKey(oxd_id)];
    const kept = JSON.stringify(await Promise.all(keys.map((key) => transport.store.get(key))));
    const secrets = secretsIn(kept).filter((secret) => secret !== RS.client_secret);
    expect(secrets).toHaveLength(0);
    expect(secretsIn(transport.warnings.join('\n'))).toHaveLength(0);
  });
});

describe('a rejected PAT', () => {
  it.each(['spec', 'gluu', 'keycloak', 'solidlab', 'janssen'] as const)(
    'by %s is renewed once, and the request repeated',
    async (vendor) => {
      as.reset(vendor);
      oxd_id = await protectedSite(transport, as);
      as.revokePats();
      expect(await check()).toMatchObject({ access: 'denied' });
      expect(patRequests()).toBe(2);
      expect(as.seen('permission')).toHaveLength(2);
    },
  );

  it.each([401, 403, 406])('is not renewed twice after a second %i', async (status) => {
    oxd_id = await protectedSite(transport, as);
    as.on('permission', { status, json: { error: 'invalid_client_scope' } });
    const error = await rejectionOf(check());
    expect(error).toMatchObject({ error: `http_status_${status}`, mayHaveRun: false });
    expect(error.message).toMatch(/uma_protection.*Keycloak: assign.*lightweight/);
    expect(error.message).toContain('The server returned invalid_client_scope.');
    expect(patRequests()).toBe(2);
    expect(as.seen('permission')).toHaveLength(2);
  });

  it.each([
    ['keycloak', 'permission', 403, 21],
    // Each time with the client's credentials, too.
    ['spec', 'rpt', 401, 41],
    ['gluu', 'permission', 406, 21],
  ] as const)('at %s (%s) causes one renewal in 10 seconds', async (...row) => {
    const [vendor, endpoint, status, requests] = row;
    as.reset(vendor);
    oxd_id = await protectedSite(transport, as);
    const rpt = endpoint === 'rpt' ? as.rpt(as.item(as.idOf('[GET] /photo'), 'view')) : undefined;
    as.on(endpoint, { status, json: { error: 'x' } });
    const refuse = async () => {
      expect(await rejectionOf(check(rpt))).toMatchObject({ error: `http_status_${status}` });
    };
    for (let at = 0; at < 20; at++) await refuse();
    expect(patRequests()).toBe(2);
    expect(as.seen(endpoint)).toHaveLength(requests);
    now += 9_999;
    await refuse();
    expect(patRequests()).toBe(2);
    now += 1;
    as.revokePats();
    as.on(endpoint, undefined);
    await check(rpt);
    expect(patRequests()).toBe(3);
  });

  it('is renewed once for 32 parallel rejections', async () => {
    oxd_id = await protectedSite(transport, as);
    as.revokePats();
    await Promise.all(Array.from({ length: 32 }, () => check()));
    expect(patRequests()).toBe(2);
  });

  it.each([400, 404, 409, 500, 503])('is not assumed after status %i', async (status) => {
    oxd_id = await protectedSite(transport, as);
    as.on('permission', { status, json: { error: 'x' } });
    await rejectionOf(check());
    expect(patRequests()).toBe(1);
  });
});

const FAILURES: readonly [string, Answer, string, RegExp][] = [
  [
    'a wrong secret',
    { status: 401, json: { error: 'unauthorized_client' } },
    'http_status_401',
    /issued\. Check site\.client_id and site\.client_secret\. Keycloak: .*of the client\. The server/,
  ],
  [
    'a client without permission',
    { status: 400, json: { error: 'unauthorized_client' } },
    'http_status_400',
    /issued\. Allow the client the grant client_credentials; .*site\.grant_types\. The server/,
  ],
  [
    'an error code with another meaning for the command',
    { status: 400, json: { error: 'invalid_request' } },
    'http_status_400',
    /The server returned invalid_request/,
  ],
  [
    'a masked error code',
    { status: 400, json: { error: 'R7x9QmT2vL5kP8sW3zN6' } },
    'http_status_400',
    /site\.grant_types\. The OpenID Provider rejected the request/,
  ],
  [
    '401 without an error code',
    { status: 401, text: '' },
    'http_status_401',
    /Check site\.client_id/,
  ],
  ['500', { status: 500, json: { error: 'server_error' } }, 'http_status_500', /\(500\)/],
  ['503', { status: 503, text: 'starting' }, 'http_status_503', /No protection API token/],
  ['an HTML page', { text: '<h1>hello</h1>' }, 'internal_error', /No protection API token/],
  ['no token', { json: { token_type: 'Bearer' } }, 'internal_error', /access_token/],
  [
    'a token that is not a string',
    { json: { access_token: 7, token_type: 'Bearer' } },
    'internal_error',
    /./,
  ],
  [
    'a token of another type',
    { json: { access_token: 'x', token_type: 'mac' } },
    'internal_error',
    /./,
  ],
  ['no answer', { hang: true }, 'internal_error', /did not respond within 300 ms/],
  ['a broken connection', { drop: true }, 'internal_error', /broke/],
];

describe('without a PAT', () => {
  it.each(FAILURES)('a check fails after %s', async (_, answer, word, message) => {
    oxd_id = await protectedSite(transport, as);
    const limit = limitEndedBy(as.op, 300);
    transport = new TestTransport({ clock: () => now, store: transport.store, ...limit });
    as.on('pat', answer);
    const error = await rejectionOf(check());
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: word, mayHaveRun: false });
    expect(error.message).toMatch(message);
    expect(secretsIn(inspect(error))).toHaveLength(0);
    expect(as.seen('permission')).toHaveLength(0);
    as.on('pat', undefined);
    expect(await check()).toMatchObject({ access: 'denied' });
  });

  it('nothing is registered', async () => {
    oxd_id = await rsSite(transport, as);
    as.on('pat', { status: 401, json: { error: 'invalid_client' } });
    const error = await rejectionOf(
      transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] }),
    );
    expect(error).toMatchObject({ error: 'http_status_401', mayHaveRun: false });
    expect(as.seen('resources')).toHaveLength(0);
  });
});
