import fc from 'fast-check';
import { FakeAs } from '../../support/fake-as.js';
import { ManualClock } from '../../support/manual-clock.js';
import { TestTransport } from '../../support/embedded-transport.js';
import { protectedSite, resource } from '../../support/uma-site.js';

const TTL = 30_000;
const PATHS = ['/photo', '/album'] as const;
const SCOPES = ['view', 'edit'] as const;
const RPTS = ['rpt-of-alice-in-random-tests', 'rpt-of-bob-in-random-tests'] as const;

/** Permissions of an RPT from one time on; undefined for an inactive RPT. */
interface State {
  readonly permissions: readonly { readonly path: string; readonly scope: string }[] | undefined;
  /** Expiry of the permissions, in milliseconds since 1970. */
  readonly exp: number;
  /** Time at which the next state replaced this one. */
  until: number;
}

const rpt = fc.constantFrom(...RPTS);
const path = fc.constantFrom(...PATHS);
const scope = fc.constantFrom(...SCOPES);
const permissions = fc.option(
  fc.uniqueArray(fc.record({ path, scope }), { maxLength: 3, selector: JSON.stringify }),
  {
    nil: undefined,
  },
);

const event = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ set: rpt, permissions, seconds: fc.integer({ min: 20, max: 300 }) }),
  },
  { weight: 6, arbitrary: fc.record({ check: rpt, path, scope }) },
  {
    weight: 2,
    arbitrary: fc.record({ wait: fc.constantFrom(1_000, 5_000, 15_000, TTL - 1, TTL) }),
  },
  { weight: 1, arbitrary: fc.constant({ protect: true as const }) },
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;
type Check = Extract<Event, { check: string }>;

let as: FakeAs;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
afterEach(() => TestTransport.closeAll());

/** A resource server with a cache, one without, and the states of each RPT at their server. */
class World {
  private readonly states = new Map<string, State[]>();

  private constructor(
    private readonly clock: ManualClock,
    private readonly cached: TestTransport,
    private readonly uncached: TestTransport,
    private readonly oxd_id: string,
  ) {}

  static async start(): Promise<World> {
    as.reset();
    const clock = new ManualClock();
    as.op.clock = clock.now;
    const cached = new TestTransport({ clock: clock.now, cache: { ttl: TTL, max: 10 } });
    const uncached = new TestTransport({ clock: clock.now, store: cached.store });
    const oxd_id = await protectedSite(cached, as, ...RESOURCES);
    // The fake server counts whole seconds.
    await clock.advance(1000 - (clock.now() % 1000));
    return new World(clock, cached, uncached, oxd_id);
  }

  /** Returns the rule that a check has broken. */
  async run(one: Event): Promise<string | undefined> {
    if ('check' in one) return this.check(one);
    if ('set' in one) this.set(one.set, one.permissions, one.seconds);
    else if ('wait' in one) await this.clock.advance(one.wait);
    else await this.protect();
    return undefined;
  }

  private set(token: string, given: State['permissions'], seconds: number): void {
    const now = this.clock.now();
    const exp = Math.floor(now / 1000) + seconds;
    const items = given?.map(({ path: at, scope: name }) => ({
      ...as.item(as.idOf(`[GET] ${at}`), name),
      exp,
    }));
    if (items) as.keep(token, items);
    else as.withdraw(token);
    const before = this.statesOf(token);
    for (const state of before) state.until = Math.min(state.until, now);
    before.push({ permissions: given, exp: exp * 1000, until: Infinity });
  }

  private async protect(): Promise<void> {
    await this.cached.run('uma_rs_protect', { oxd_id: this.oxd_id, resources: RESOURCES });
    // Only the current state counts from now on.
    for (const states of this.states.values()) states.splice(0, states.length - 1);
  }

  private async check({ check: token, path: at, scope: name }: Check): Promise<string | undefined> {
    const params = {
      oxd_id: this.oxd_id,
      path: at,
      http_method: 'GET',
      rpt: token,
      scopes: [name],
    };
    const now = this.clock.now();
    const allows = ({ permissions: list = [], exp }: State): boolean =>
      exp > now && list.some((item) => item.path === at && item.scope === name);
    const states = this.statesOf(token);
    const isAllowedNow = states.slice(-1).some(allows);
    const wasAllowed = states.filter(({ until }) => until > now - TTL).some(allows);
    const { access: uncached } = await this.uncached.run('uma_rs_check_access', params);
    const memory = this.cached.cachedAccess(params);
    const { access } = memory ?? (await this.cached.run('uma_rs_check_access', params));
    if (uncached !== (isAllowedNow ? 'granted' : 'denied')) return 'the uncached check is wrong';
    if (isAllowedNow && access === 'denied') return 'the cache denied';
    return !wasAllowed && access === 'granted' ? 'the cache granted too much' : undefined;
  }

  private statesOf(token: string): State[] {
    const states = this.states.get(token) ?? [];
    this.states.set(token, states);
    return states;
  }
}

const RESOURCES = PATHS.map((at) => resource(at, ['GET'], ...SCOPES));

it('a cached check decides as an uncached one did within ttl, and never denies instead', async () => {
  const events = fc.array(event, { minLength: 20, maxLength: 60 });
  const result = await fc.check(
    fc.asyncProperty(events, async (given) => {
      const world = await World.start();
      for (const one of given) {
        const broken = await world.run(one);
        if (broken) throw new Error(broken);
      }
      await TestTransport.closeAll();
    }),
    { numRuns: 60, seed: 1 },
  );
  expect(result.failed ? fc.defaultReportMessage(result) : undefined).toBeUndefined();
});
