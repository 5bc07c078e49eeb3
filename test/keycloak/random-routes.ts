import fc from 'fast-check';
import { REQUESTING_CLIENTS, USERS, type Permission } from './realm.js';
import type { Route } from './routes.js';

const SEED = 20_261_128;
const RESOURCES = 40;
/** Number of {@link attempts}. */
export const CASES = 200;

const SCOPES = ['view', 'edit', 'remove', 'share'];
const POLICIES = [
  ...['viewers', 'editors', 'alice', 'not alice', 'shop-web', 'since 2020', 'until 2020'],
  ...['viewers at shop-web', 'alice or editors'],
];

/** A route and the permissions that an administrator created for it. */
interface RandomRoute {
  readonly scopes: readonly string[];
  readonly permissions: readonly Permission[];
}

const permission = (scopes: readonly string[]): fc.Arbitrary<Permission> =>
  fc.record(
    {
      policies: fc.subarray(POLICIES, { minLength: 1, maxLength: 3 }),
      scopes: fc.subarray([...scopes], { minLength: 1 }),
      decisionStrategy: fc.constantFrom('UNANIMOUS', 'AFFIRMATIVE', 'CONSENSUS'),
    },
    { requiredKeys: ['policies', 'decisionStrategy'] },
  );

const route: fc.Arbitrary<RandomRoute> = fc.subarray(SCOPES, { minLength: 1 }).chain((scopes) =>
  fc.record({
    scopes: fc.constant(scopes),
    permissions: fc.array(permission(scopes), { minLength: 1, maxLength: 3 }),
  }),
);

const attempt = fc.record({
  index: fc.nat(RESOURCES - 1),
  user: fc.constantFrom(...USERS),
  client: fc.constantFrom(...REQUESTING_CLIENTS),
});

/** Routes with random scopes and permissions, the same at each run. */
export const routes: readonly (Route & RandomRoute)[] = fc
  .sample(route, { numRuns: RESOURCES, seed: SEED })
  .map((one, index) => ({ ...one, path: `/random/${index}` }));

/** Random attempts of users to open a route, the same at each run. */
export const attempts = fc.sample(attempt, { numRuns: CASES, seed: SEED });
