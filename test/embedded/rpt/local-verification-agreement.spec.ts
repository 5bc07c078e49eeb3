import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Result } from '../../../lib/commands/command.js';
import { TestTransport } from '../../support/embedded-transport.js';
import { FakeAs, RS } from '../../support/fake-as.js';
import { JwtRpts } from '../../support/jwt-rpts.js';
import { KeycloakRpts, type End } from '../../support/keycloak-rpts.js';
import { ManualClock } from '../../support/manual-clock.js';
import { protectedSite, resource } from '../../support/uma-site.js';

const SEED = 20_261_128;
const CASES = 500;
const SCOPES = ['view', 'edit', 'remove'];
const RESOURCES = [
  resource('/photo', ['GET'], 'view', 'edit'),
  resource('/album', ['GET'], 'view'),
  resource('/print', ['GET'], 'view', 'edit', 'remove'),
];
const PATHS = RESOURCES.map(({ path }) => path);
const MODES = ['any', 'all'] as const;
const KEYS = ['RS256', 'ES384'] as const;
const ENDS: readonly End[] = ['logout', 'revocation', 'disabled user', 'ended session'];

/** A permission; without scopes it covers the whole resource. */
const item = fc.record(
  { path: fc.constantFrom(...PATHS, '/foreign'), scopes: fc.subarray(SCOPES) },
  { requiredKeys: ['path'] },
);

/** Mostly the first value, so that most RPTs have one peculiarity at most. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
}

const attempt = fc.record({
  path: fc.constantFrom(...PATHS),
  mode: fc.constantFrom(...MODES),
  alg: fc.constantFrom(...KEYS),
  items: mostly<'some' | 'none' | 'no claim'>('some', 'none', 'no claim'),
  permissions: fc.uniqueArray(item, { minLength: 1, maxLength: 4, selector: ({ path }) => path }),
  sub: mostly<string | undefined>('alice', 'bob', undefined),
  aud: mostly<unknown>(RS.client_id, ['account', RS.client_id], 'other-api', undefined),
  typ: mostly<string | undefined>('Bearer', 'ID', 'Refresh', undefined),
  /** Seconds until `exp` and `nbf`. */
  exp: mostly(300, 1, 0, -1, -60),
  nbf: mostly<number | undefined>(undefined, -1, 0, 60),
  end: fc.option(fc.constantFrom(...ENDS), { freq: 4 }),
  forged: mostly<'no' | 'signature' | 'kid' | 'iss'>('no', 'signature', 'kid', 'iss'),
});

type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;
type Checked = Result<'uma_rs_check_access'>;

let as: FakeAs;
let rpts: JwtRpts;
let known: KeycloakRpts;
let clock: ManualClock;
let oxd_id: string;
const keys = new Map<string, FakeAs['op']['key']>();
const transports = new Map<string, TestTransport>();

beforeAll(async () => {
  as = await FakeAs.start();
  as.reset('keycloak');
  clock = new ManualClock();
  as.op.clock = clock.now;
  for (const alg of KEYS) {
    await as.op.rotate(`key of ${alg}`, alg);
    keys.set(alg, as.op.key);
  }
  as.op.on('jwks', { json: { keys: [...keys.values()].map(({ jwk }) => jwk) } });
  rpts = new JwtRpts(as);
  known = new KeycloakRpts(as);
  const first = new TestTransport({ clock: clock.now });
  oxd_id = await protectedSite(first, as, ...RESOURCES);
  for (const requiredScopes of MODES) {
    for (const localVerification of [true, false]) {
      const options = { store: first.store, clock: clock.now, requiredScopes, localVerification };
      transports.set(`${requiredScopes} ${localVerification}`, new TestTransport(options));
    }
  }
});
afterAll(async () => {
  await TestTransport.closeAll();
  await as.close();
});

async function issue(one: Attempt): Promise<string> {
  as.op.key = keys.get(one.alg) ?? as.op.key;
  const permissions = one.permissions.map(({ path, scopes }) => ({
    rsid: path === '/foreign' ? 'foreign' : as.idOf(`[GET] ${path}`),
    rsname: path,
    ...(scopes?.length && { scopes }),
  }));
  const now = Math.floor(clock.now() / 1000);
  const claims = {
    ...{ sub: one.sub, aud: one.aud, typ: one.typ, exp: now + one.exp, jti: randomUUID() },
    nbf: one.nbf === undefined ? undefined : now + one.nbf,
    ...(one.items === 'no claim' && { authorization: undefined }),
    ...(one.forged === 'iss' && { iss: 'https://evil.example' }),
  };
  const items = one.items === 'some' ? permissions : [];
  const header = one.forged === 'kid' ? { kid: 'unknown' } : {};
  const rpt = await rpts.sign(items, { claims, header });
  if (one.forged === 'signature') return `${rpt.slice(0, -8)}AAAAAAAA`;
  if (one.forged === 'no') known.add(rpt, rpts.claims(items, claims));
  return rpt;
}

async function check({ mode, path }: Attempt, rpt: string, isLocal: boolean): Promise<Checked> {
  const transport = transports.get(`${mode} ${isLocal}`);
  if (!transport) throw new Error(`There is no transport for ${mode}.`);
  const params = { oxd_id, path, http_method: 'GET', rpt };
  const { access, sub, permissions } = await transport.run('uma_rs_check_access', params);
  return { access, sub, permissions };
}

/** True if the JWT passes every check, so that it needs no introspection. */
function isVerifiable({ sub, aud, typ, exp, nbf = 0, items, forged }: Attempt): boolean {
  const isForUs = [aud].flat().includes(RS.client_id) && typ === 'Bearer';
  return (
    isForUs && sub !== undefined && exp > 0 && nbf <= 30 && items !== 'no claim' && forged === 'no'
  );
}

it(`agrees with introspection in ${CASES} random cases, except for RPTs that ended before their exp`, async () => {
  const surprises: unknown[] = [];
  const counts: Record<string, number> = {};
  const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
  for (const one of fc.sample(attempt, { numRuns: CASES, seed: SEED })) {
    const rpt = await issue(one);
    const before = await check(one, rpt, false);
    if (one.end) known.end(rpt, one.end);
    const introspected = await check(one, rpt, false);
    const requests = as.seen('rpt').length;
    const local = await check(one, rpt, true);
    const isIntrospected = as.seen('rpt').length > requests;
    count(`${local.access}${isIntrospected ? ', introspected' : ''}`);
    const isLate = one.end !== null && local.access !== introspected.access;
    if (isLate) count(`late after ${one.end}`);
    // A verified RPT is what its introspection was before it ended.
    const expected = isVerifiable(one) ? before : introspected;
    try {
      expect([local, isIntrospected]).toEqual([expected, !isVerifiable(one)]);
      expect(local.access === introspected.access || isLate).toBe(true);
    } catch {
      surprises.push({ ...one, local, expected, introspected, isIntrospected });
    }
  }
  expect(surprises).toEqual([]);
  // Each outcome occurs often enough to mean something.
  expect(Object.keys(counts).toSorted()).toEqual([
    ...['denied', 'denied, introspected', 'granted', 'granted, introspected'],
    ...ENDS.map((end) => `late after ${end}`).toSorted(),
  ]);
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(5);
}, 60_000);
