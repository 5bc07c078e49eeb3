import { generateKeyPairSync } from 'node:crypto';
import { jest } from '@jest/globals';
import type { Params } from '../../../lib/commands/command.js';
import { BROKEN_RPTS, brokenRpt, CLAIM, FAILED } from '../../support/broken-rpts.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { FakeAs } from '../../support/fake-as.js';
import type { Vendor } from '../../support/fake-as-vendors.js';
import { JwtRpts, type Changes } from '../../support/jwt-rpts.js';
import { ManualClock } from '../../support/manual-clock.js';
import { protectedSite, resource } from '../../support/uma-site.js';

let as: FakeAs;
let rpts: JwtRpts;
let clock: ManualClock;
let transport: TestTransport;
let oxd_id: string;
const debugged: string[] = [];

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(() => start('keycloak'));
afterEach(() => {
  jest.restoreAllMocks();
  return TestTransport.closeAll();
});

async function start(vendor: Vendor): Promise<void> {
  as.reset(vendor);
  clock = new ManualClock();
  as.op.clock = clock.now;
  rpts = new JwtRpts(as);
  debugged.length = 0;
  const log = {
    warn: () => undefined,
    error: () => undefined,
    debug: (line: string) => void debugged.push(line),
  };
  transport = new TestTransport({ localVerification: true, clock: clock.now, log });
  oxd_id = await protectedSite(transport, as);
}

function check(rpt: string, more: Partial<Params<'uma_rs_check_access'>> = {}) {
  const params = { oxd_id, path: '/photo', http_method: 'GET', rpt, ...more };
  return transport.run('uma_rs_check_access', params);
}

const photo = (): string => as.idOf('[GET] /photo');
const view = () => [{ rsid: photo(), rsname: 'Photo', scopes: ['view'] }];
const seconds = (from = 0): number => Math.floor(clock.now() / 1000) + from;
const introspections = (): number => as.seen('rpt').length;

describe('a verified RPT', () => {
  it('is granted with user and permissions, and without an introspection', async () => {
    expect(await check(await rpts.sign(view()))).toEqual({
      access: 'granted',
      sub: 'alice',
      permissions: [{ resource_id: photo(), resource_scopes: ['view'] }],
    });
    expect(introspections()).toBe(0);
    expect(debugged).toEqual([]);
  });

  it('costs the verification of one signature', async () => {
    const rpt = await rpts.sign(view());
    await check(rpt);
    const verify = jest.spyOn(crypto.subtle, 'verify');
    await check(rpt);
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it('is verified by the clock of the module', async () => {
    await clock.advance(3_600_000);
    const rpt = await rpts.sign(view(), { claims: { nbf: seconds() } });
    expect(await check(rpt)).toMatchObject({ access: 'granted' });
    expect(introspections()).toBe(0);
  });

  it('causes one request for the keys of its issuer', async () => {
    for (let times = 0; times < 3; times++) await check(await rpts.sign(view()));
    expect(as.op.seen('jwks')).toHaveLength(1);
  });

  it.each(['ES384', 'EdDSA'])('may be signed with %s', async (alg) => {
    await as.op.rotate('another kind of key', alg);
    expect(await check(await rpts.sign(view()))).toMatchObject({ access: 'granted' });
    expect(introspections()).toBe(0);
  });

  const GRANTED: readonly (Changes & { readonly name: string })[] = [
    { name: 'a list of audiences', claims: { aud: ['account', 'rs-client'] } },
    { name: 'an nbf in 30 s, for a clock that is behind', claims: { nbf: 'in 30 s' } },
    { name: 'a header without typ', header: { typ: undefined } },
  ];
  it.each(GRANTED)('may have $name', async ({ claims, header }) => {
    const times = claims?.nbf === undefined ? {} : { nbf: seconds(30) };
    const rpt = await rpts.sign(view(), { claims: { ...claims, ...times }, header });
    expect(await check(rpt)).toMatchObject({ access: 'granted', sub: 'alice' });
    expect(introspections()).toBe(0);
  });

  it('is valid until its exp, and introspected from then on', async () => {
    const rpt = as.keep(await rpts.sign(view()), [as.item(photo(), 'view')]);
    await clock.advance(299_000);
    expect(await check(rpt)).toMatchObject({ access: 'granted' });
    expect(introspections()).toBe(0);
    as.introspection = { active: false };
    await clock.advance(1_000);
    expect(await check(rpt)).toMatchObject({ access: 'denied' });
    expect(introspections()).toBe(1);
  });

  it('is introspected by introspect_rpt', async () => {
    const rpt = as.keep(await rpts.sign(view()), [as.item(photo(), 'view')]);
    const params = { oxd_id, rpt };
    expect(await transport.run('introspect_rpt', params)).toMatchObject({ active: true });
    as.introspection = { active: false };
    expect(await transport.run('introspect_rpt', params)).toEqual({ active: false });
    expect(await check(rpt)).toMatchObject({ access: 'granted' });
  });

  const INSUFFICIENT: readonly { readonly name: string; readonly items: () => unknown[] }[] = [
    { name: 'no permission', items: () => [] },
    { name: 'another scope', items: () => [{ rsid: photo(), scopes: ['edit'] }] },
    { name: 'another resource', items: () => [{ rsid: 'other', scopes: ['view'] }] },
    { name: 'an item without rsid', items: () => [{ rsname: '[GET] /photo', scopes: ['view'] }] },
    { name: 'an item by resource_id', items: () => [as.item(photo(), 'view')].map(withoutRsid) },
    { name: 'an rsid that is a number', items: () => [{ rsid: 7, scopes: ['view'] }] },
    { name: 'scopes that are null', items: () => [{ rsid: photo(), scopes: null }] },
    { name: 'scopes that are a string', items: () => [{ rsid: photo(), scopes: 'view' }] },
    { name: 'an item that is null', items: () => [null] },
    { name: 'an expired item', items: () => [{ ...view()[0], exp: seconds(-1) }] },
  ];
  it.each(INSUFFICIENT)('with $name gets a ticket without an introspection', async ({ items }) => {
    expect(await check(await rpts.sign(items()))).toMatchObject({
      access: 'denied',
      ticket: as.tickets[0]?.ticket,
    });
    expect(introspections()).toBe(0);
  });

  it.each([
    { vendor: 'keycloak', access: 'granted' },
    { vendor: 'spec', access: 'denied' },
  ] as const)('without scopes is $access at a server like $vendor', async ({ vendor, access }) => {
    await start(vendor);
    expect(await check(await rpts.sign([{ rsid: photo() }]))).toMatchObject({ access });
    expect(introspections()).toBe(0);
  });
});

const withoutRsid = (item: object): object => ({ ...item, rsid: undefined });

describe('a token that is not verified', () => {
  it.each(BROKEN_RPTS)(
    'because it has $name is introspected, denied and logged with the reason',
    async (broken) => {
      const { reason } = broken;
      expect(await check(await brokenRpt(broken, rpts, view()))).toMatchObject({
        access: 'denied',
      });
      expect(introspections()).toBe(1);
      expect(debugged[0]).toBe(`uma_rs_check_access: the RPT is introspected, because ${reason}.`);
    },
  );

  it.each([
    {
      name: 'has expired now',
      claims: () => ({ exp: seconds() }),
      reason: 'exp has passed, or nbf is in the future',
    },
    {
      name: 'expired 31 s ago',
      claims: () => ({ exp: seconds(-31) }),
      reason: `${FAILED} ERR_JWT_EXPIRED (exp)`,
    },
    { name: 'is valid in 31 s', claims: () => ({ nbf: seconds(31) }), reason: `${CLAIM} (nbf)` },
  ])('because it $name is introspected and denied', async ({ claims, reason }) => {
    expect(await check(await rpts.sign(view(), { claims: claims() }))).toMatchObject({
      access: 'denied',
    });
    expect(introspections()).toBe(1);
    expect(debugged[0]).toContain(reason);
  });

  it('because discovery does not list its alg is introspected and denied', async () => {
    as.op.discovery = {
      ...as.op.discovery,
      id_token_signing_alg_values_supported: ['ES384', 'HS256'],
    };
    // Discovery is cached for ten minutes.
    await clock.advance(600_000);
    expect(await check(await rpts.sign(view()))).toMatchObject({ access: 'denied' });
    expect(debugged[0]).toContain(`${FAILED} ERR_JOSE_ALG_NOT_ALLOWED`);
  });

  it('because it has 64 kB is denied without any request but that for the ticket', async () => {
    const rpt = await rpts.sign(view(), { claims: { padding: 'x'.repeat(48_000) } });
    expect(rpt.length).toBeGreaterThan(64_000);
    expect(await check(rpt)).toMatchObject({ access: 'denied' });
    expect([introspections(), as.op.seen('jwks').length]).toEqual([0, 0]);
  });

  it('is granted if the authorization server knows it', async () => {
    for (const rpt of ['an-opaque-rpt', await rpts.sign(view(), { claims: { aud: 'x' } })]) {
      as.keep(rpt, [as.item(photo(), 'view')]);
      expect(await check(rpt)).toMatchObject({ access: 'granted' });
    }
    expect(introspections()).toBe(2);
  });
});

describe('an RPT', () => {
  it.each([
    { name: 'no sub', sub: undefined },
    { name: 'an empty sub', sub: '' },
    { name: 'a sub that is a number', sub: 7 },
  ])('with $name is granted to the user of its introspection', async ({ sub }) => {
    const rpt = as.keep(await rpts.sign(view(), { claims: { sub } }), [as.item(photo(), 'view')]);
    as.introspection = { sub: 'alice' };
    const other = new TestTransport({ store: transport.store, clock: clock.now });
    const params = { oxd_id, path: '/photo', http_method: 'GET', rpt };
    for (const each of [transport, other]) {
      const result = await each.run('uma_rs_check_access', params);
      expect(result).toMatchObject({ access: 'granted', sub: 'alice' });
    }
    expect(introspections()).toBe(2);
  });
});

describe('an RPT of Gluu', () => {
  const JWTS: readonly { readonly name: string; readonly claims: object }[] = [
    { name: 'for its client', claims: { aud: 'client-of-bob' } },
    { name: 'for the resource server as a client', claims: {} },
    { name: 'for the resource server, typ Bearer', claims: { typ: 'Bearer' } },
  ];
  it.each(JWTS)(
    'that is a JWT $name is introspected, so that an upgrade in place opens at once',
    async ({ claims }) => {
      await start('gluu');
      const permissions = [{ resource_id: 'other', resource_scopes: ['view'] }];
      const rpt = await rpts.sign(undefined, {
        claims: {
          typ: undefined,
          authorization: undefined,
          permissions,
          pct_claims: {},
          ...claims,
        },
      });
      as.keep(rpt, permissions);
      expect(await check(rpt)).toMatchObject({ access: 'denied' });
      as.keep(rpt, [...permissions, as.item(photo(), 'view')]);
      expect(await check(rpt)).toMatchObject({ access: 'granted' });
      expect(introspections()).toBe(2);
    },
  );
});

describe('an unknown key', () => {
  it('is not looked up for an inactive token', async () => {
    await check(await rpts.sign(view()));
    const before = [as.op.seen('discovery').length, as.op.seen('jwks').length];
    for (let at = 0; at < 12; at++) {
      const rpt = await rpts.sign(view(), { header: { kid: `x${at}` } });
      expect(await check(rpt)).toMatchObject({ access: 'denied' });
    }
    expect([as.op.seen('discovery').length, as.op.seen('jwks').length]).toEqual(before);
  });

  it('is looked up for the first active RPT, and verifies the next one', async () => {
    await check(await rpts.sign(view()));
    await as.op.rotate('a new key');
    const first = as.keep(await rpts.sign(view()), [as.item(photo(), 'view')]);
    expect(await check(first)).toMatchObject({ access: 'granted', sub: 'alice' });
    expect(introspections()).toBe(1);
    expect(await check(await rpts.sign(view()))).toMatchObject({ access: 'granted', sub: 'alice' });
    expect(introspections()).toBe(1);
  });
});

describe('while the keys are unavailable', () => {
  it('RPTs are introspected, and the keys are requested once a minute', async () => {
    as.op.on('jwks', { status: 500, text: '' });
    as.introspection = { sub: 'alice' };
    const rpt = as.keep(await rpts.sign(view()), [as.item(photo(), 'view')]);
    for (let times = 0; times < 3; times++) {
      expect(await check(rpt)).toMatchObject({ access: 'granted', sub: 'alice' });
    }
    expect(as.op.seen('jwks')).toHaveLength(1);
    as.op.on('jwks', (seen) => as.op.usual(seen));
    await clock.advance(60_000);
    expect(await check(rpt)).toMatchObject({ access: 'granted', sub: 'alice' });
    expect(introspections()).toBe(3);
  });

  it('RPTs are verified with cached keys for ten minutes, and then rejected', async () => {
    const ask = async () => check(await rpts.sign(view()));
    await ask();
    as.op.on('discovery', { status: 500, text: '' });
    await clock.advance(599_000);
    expect(await ask()).toMatchObject({ access: 'granted' });
    await clock.advance(1_000);
    expect(await rejectionOf(ask())).toMatchObject({ error: 'no_connect_discovery_response' });
    as.op.on('discovery', (seen) => as.op.usual(seen));
    await clock.advance(60_000);
    expect(await ask()).toMatchObject({ access: 'granted' });
    expect(introspections()).toBe(0);
  });

  it('an RPT whose introspection names no user is rejected', async () => {
    as.op.on('jwks', { status: 500, text: '' });
    const rpt = as.keep(await rpts.sign(view()), [as.item(photo(), 'view')]);
    expect(await rejectionOf(check(rpt))).toMatchObject({ error: 'key_id_not_found' });
  });
});

describe('a key set with an RSA key of 1024 bits', () => {
  it('verifies RPTs with its other key after a token that names the small key', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const small = { ...publicKey.export({ format: 'jwk' }), kid: 'small', alg: 'RS256' };
    as.op.on('jwks', { json: { keys: [small, as.op.key.jwk] } });
    const forged = await rpts.sign(view(), { header: { kid: 'small' } });
    expect(await check(forged)).toMatchObject({ access: 'denied' });
    expect(introspections()).toBe(1);
    expect(await check(await rpts.sign(view()))).toMatchObject({ access: 'granted', sub: 'alice' });
    expect(introspections()).toBe(1);
  });
});

describe('with a cache', () => {
  const cached = () => {
    const options = { store: transport.store, clock: clock.now, localVerification: true };
    transport = new TestTransport({ ...options, cache: { ttl: 30_000, max: 10 } });
  };

  it('a verified RPT is verified again after ttl, and introspected from its exp on', async () => {
    cached();
    const exp = seconds(50);
    const rpt = await rpts.sign(view(), { claims: { exp } });
    const beforeExp = exp * 1000 - clock.now() - 1;
    const verify = jest.spyOn(crypto.subtle, 'verify');
    const steps = [
      { wait: 0, verifications: 1 },
      { wait: 29_999, verifications: 1 },
      { wait: 1, verifications: 2 },
      { wait: beforeExp - 30_000, verifications: 2 },
    ];
    for (const { wait, verifications } of steps) {
      await clock.advance(wait);
      expect(await check(rpt)).toMatchObject({ access: 'granted', sub: 'alice' });
      expect(verify).toHaveBeenCalledTimes(verifications);
    }
    expect(introspections()).toBe(0);
    await clock.advance(1);
    expect(await check(rpt)).toMatchObject({ access: 'denied' });
    expect(introspections()).toBe(1);
  });

  it('a verified RPT that does not cover a resource gets a ticket without an introspection', async () => {
    cached();
    await transport.run('uma_rs_protect', {
      oxd_id,
      resources: [resource('/doc', ['GET'], 'edit')],
    });
    const rpt = await rpts.sign(view());
    expect(await check(rpt)).toMatchObject({ access: 'granted' });
    expect(await check(rpt, { path: '/doc' })).toMatchObject({ access: 'denied' });
    expect(await check(rpt)).toMatchObject({ access: 'granted' });
    expect(introspections()).toBe(0);
  });
});

it('requests at the same time share one verification', async () => {
  const rpt = await rpts.sign(view());
  await check(rpt);
  const verify = jest.spyOn(crypto.subtle, 'verify');
  const results = await Promise.all(Array.from({ length: 8 }, () => check(rpt)));
  expect(results.map(({ access }) => access)).toEqual(results.map(() => 'granted'));
  expect(verify).toHaveBeenCalledTimes(1);
});

it('without the option, a JWT is introspected', async () => {
  const other = new TestTransport({ store: transport.store, clock: clock.now });
  const rpt = await rpts.sign(view());
  const params = { oxd_id, path: '/photo', http_method: 'GET', rpt };
  expect(await other.run('uma_rs_check_access', params)).toMatchObject({ access: 'denied' });
  expect(introspections()).toBe(1);
});
