import fc from 'fast-check';
import {
  declaredResources,
  type DeclaredResource,
} from '../../../lib/embedded/resources/declared-resource.js';
import { planResources } from '../../../lib/embedded/resources/resource-plan.js';
import {
  findResource,
  type ProtectedResource,
} from '../../../lib/embedded/resources/resource-record.js';
import { resource } from '../../support/uma-site.js';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const PATHS = ['/a', '/A', '/b'];
const SCOPES = ['x', 'y'];

/** Gives each method of each path to one of a few conditions, or to none. */
const declarations = fc
  .array(
    fc.record({
      path: fc.constantFrom('/a', '/b'),
      groups: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
      scopes: fc.array(fc.constantFrom(...SCOPES), { minLength: 4, maxLength: 4 }),
      upper: fc.boolean(),
    }),
    { minLength: 1, maxLength: 2 },
  )
  .map((paths) =>
    paths.filter((one, at) => paths.findIndex(({ path }) => path === one.path) === at),
  )
  .map((paths) =>
    paths.flatMap(({ path, groups, scopes, upper }) =>
      [1, 2, 3].flatMap((group) => {
        const methods = METHODS.filter((_, at) => groups[at] === group);
        const named = upper ? path.toUpperCase() : path;
        return methods.length > 0 ? [resource(named, methods, scopes[group] ?? 'x')] : [];
      }),
    ),
  )
  .filter((resources) => resources.length > 0)
  .map(declaredResources);

let next = 0;

/** Record after a declaration was executed. */
function carriedOut(
  recorded: readonly ProtectedResource[],
  declared: readonly DeclaredResource[],
  overwrite: boolean,
): readonly ProtectedResource[] {
  const { kept, created } = planResources(recorded, declared, overwrite);
  return [...kept, ...created.map((one) => ({ ...one, id: `id${next++}` }))];
}

const requests = PATHS.flatMap((path) => METHODS.map((method) => [path, method] as const));
const at = (resources: readonly ProtectedResource[], path: string, method: string) =>
  findResource({ resources, pending: [] }, path, method);

it('each declared method has the resource of its condition, after any earlier declaration', () => {
  fc.assert(
    fc.property(
      fc.array(declarations, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      (all, over) => {
        const resources = all.reduce<readonly ProtectedResource[]>(
          (before, declared) => carriedOut(before, declared, over),
          [],
        );
        for (const one of all.at(-1) ?? []) {
          for (const method of one.http_methods) {
            const found = at(resources, one.path, method);
            expect(found?.hash).toBe(one.hash);
            expect(found?.scopes).toEqual(one.scopes);
          }
        }
      },
    ),
  );
});

it('no method has two resources', () => {
  fc.assert(
    fc.property(
      fc.array(declarations, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      (all, over) => {
        const resources = all.reduce<readonly ProtectedResource[]>(
          (before, declared) => carriedOut(before, declared, over),
          [],
        );
        const held = resources.flatMap(({ path, http_methods }) =>
          http_methods.map((method) => `${method} ${path}`),
        );
        expect(new Set(held).size).toBe(held.length);
        expect(new Set(resources.map(({ id }) => id)).size).toBe(resources.length);
      },
    ),
  );
});

it('without overwrite no resource is deleted, and unnamed methods keep their resource and scopes', () => {
  fc.assert(
    fc.property(declarations, declarations, (first, second) => {
      const before = carriedOut([], first, false);
      const after = carriedOut(before, second, false);
      const ids = new Set(after.map(({ id }) => id));
      expect(before.filter(({ id }) => !ids.has(id))).toEqual([]);
      for (const [path, method] of requests) {
        const isNamed = second.some(
          (one) => one.path === path && one.http_methods.includes(method),
        );
        if (isNamed) continue;
        const [was, is] = [at(before, path, method), at(after, path, method)];
        expect([is?.id, is?.scopes]).toEqual([was?.id, was?.scopes]);
      }
    }),
  );
});

it('with overwrite only declared resources remain', () => {
  fc.assert(
    fc.property(declarations, declarations, (first, second) => {
      const after = carriedOut(carriedOut([], first, false), second, true);
      expect(after).toHaveLength(second.length);
    }),
  );
});

it('the same declaration changes nothing', () => {
  fc.assert(
    fc.property(declarations, declarations, fc.boolean(), (first, second, over) => {
      const before = carriedOut(carriedOut([], first, over), second, over);
      const { kept, created, removed } = planResources(before, second, over);
      expect({ kept, created, removed }).toEqual({ kept: before, created: [], removed: [] });
    }),
  );
});
