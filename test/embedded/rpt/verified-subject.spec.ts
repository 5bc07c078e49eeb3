import { jest } from '@jest/globals';
import { FakeAs } from '../../support/fake-as.js';
import { ManualClock } from '../../support/manual-clock.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { PHOTO, protectedSite, rsSite } from '../../support/uma-site.js';

/** Lifetime of a discovered provider with its keys, in milliseconds. */
const DISCOVERY = 600_000;

let as: FakeAs;
let clock: ManualClock;
let transport: TestTransport;
let oxd_id: string;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(async () => {
  as.reset();
  clock = new ManualClock();
  as.op.clock = clock.now;
  transport = new TestTransport({ clock: clock.now });
  oxd_id = await protectedSite(transport, as);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await TestTransport.closeAll();
});

/** RPT that is a JWT with access to the photo; its introspection names no user. */
async function signedRpt(sub: string, lifetime = 3600): Promise<string> {
  const exp = Math.floor(clock.now() / 1000) + lifetime;
  return granting(await as.op.sign({ iss: as.issuer, sub, exp }));
}

const granting = (rpt: string): string => as.keep(rpt, [as.item(as.idOf('[GET] /photo'), 'view')]);

const check = (rpt: string) =>
  transport.run('uma_rs_check_access', { oxd_id, path: '/photo', http_method: 'GET', rpt });

async function subjectOf(rpt: string): Promise<string | undefined> {
  const { access, sub } = await check(rpt);
  expect(access).toBe('granted');
  return sub;
}

describe('the signature of an RPT', () => {
  const verifications = () => jest.spyOn(crypto.subtle, 'verify');

  it('is verified once, and the RPT is introspected for each request', async () => {
    const verified = verifications();
    const rpt = await signedRpt('alice');
    expect([await subjectOf(rpt), await subjectOf(rpt)]).toEqual(['alice', 'alice']);
    const { sub } = await transport.run('introspect_rpt', { oxd_id, rpt });
    expect(sub).toBe('alice');
    expect(verified).toHaveBeenCalledTimes(1);
    expect(as.seen('rpt')).toHaveLength(3);
  });

  it('is verified for each RPT, also of one user', async () => {
    const verified = verifications();
    const rpts = [await signedRpt('alice'), await signedRpt('bob'), await signedRpt('bob', 3601)];
    const subjects: unknown[] = [];
    for (const rpt of [...rpts, ...rpts]) subjects.push(await subjectOf(rpt));
    expect(subjects).toEqual(['alice', 'bob', 'bob', 'alice', 'bob', 'bob']);
    expect(verified).toHaveBeenCalledTimes(3);
  });

  it('is verified again for each request if it is invalid', async () => {
    const verified = verifications();
    const [header, payload] = (await signedRpt('alice')).split('.');
    const rpt = granting(`${header}.${payload}.${'A'.repeat(342)}`);
    expect([await subjectOf(rpt), await subjectOf(rpt)]).toEqual([undefined, undefined]);
    expect(verified).toHaveBeenCalledTimes(2);
  });
});

describe('the subject of an RPT that was verified before', () => {
  it('ends with the RPT', async () => {
    const rpt = await signedRpt('alice', 120);
    expect(await subjectOf(rpt)).toBe('alice');
    await clock.advance(119_000);
    expect(await subjectOf(rpt)).toBe('alice');
    // More than the tolerance of the clocks.
    await clock.advance(40_000);
    expect(await subjectOf(rpt)).toBeUndefined();
  });

  it('ends with the keys of the provider', async () => {
    const rpt = await signedRpt('alice');
    expect(await subjectOf(rpt)).toBe('alice');
    await as.op.rotate('k2');
    await clock.advance(DISCOVERY - 1);
    expect(await subjectOf(rpt)).toBe('alice');
    await clock.advance(1);
    expect(await rejectionOf(check(rpt))).toMatchObject({ error: 'key_id_not_found' });
  });

  it('is unknown while the keys are unavailable, and they are requested once', async () => {
    as.patLifetime = 3600;
    oxd_id = await rsSite(transport, as);
    await clock.advance(DISCOVERY / 2);
    // Begins the lifetime of the UMA metadata, which ends after that of the provider.
    await transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
    const rpt = await signedRpt('alice');
    expect(await subjectOf(rpt)).toBe('alice');
    await clock.advance(DISCOVERY / 2);
    as.op.on('discovery', { status: 500, text: '' });
    const before = as.op.seen('discovery').length;
    for (let times = 0; times < 3; times++) {
      expect(await rejectionOf(check(rpt))).toMatchObject({ error: 'key_id_not_found' });
    }
    expect(as.op.seen('discovery')).toHaveLength(before + 1);
    as.introspection = { sub: 'alice' };
    expect(await subjectOf(rpt)).toBe('alice');
  });

  it('is compared with each introspection', async () => {
    const rpt = await signedRpt('alice');
    expect(await subjectOf(rpt)).toBe('alice');
    as.introspection = { sub: 'bob' };
    const error = { error: 'invalid_subject_identifier' };
    expect(await rejectionOf(check(rpt))).toMatchObject(error);
  });

  it('gives no access to an RPT that the server has revoked', async () => {
    const rpt = await signedRpt('alice');
    expect(await subjectOf(rpt)).toBe('alice');
    as.withdraw(rpt);
    expect(await check(rpt)).toMatchObject({ access: 'denied' });
  });
});
