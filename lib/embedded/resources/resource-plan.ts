import { described, type DeclaredResource } from './declared-resource.js';
import type { ProtectedResource } from './resource-record.js';

/** Changes to the resources of a site. */
export interface ProtectionPlan {
  /** Recorded resources that are retained, in their new form. */
  readonly kept: readonly ProtectedResource[];
  /** Ids of the retained resources that are declared. */
  readonly declared: ReadonlySet<string>;
  /** Recorded resources to delete. */
  readonly removed: readonly ProtectedResource[];
  /** Declarations without a recorded resource; these are created. */
  readonly created: readonly DeclaredResource[];
}

/**
 * Finds the recorded resource of each declared condition. A resource retains its id, and thus the
 * policies that an administrator attached, as long as one of its methods is declared for its path.
 * A condition gets, in this order:
 *
 * 1. the recorded resource with the same methods, or the same name;
 * 2. of the recorded resources whose methods are all declared elsewhere, the one with most methods in
 * common.
 *
 * A recorded resource retains methods that are no longer declared. A resource that has lost all of
 * its methods to others is retained without methods, until `overwrite` removes it.
 */
export function planResources(
  recorded: readonly ProtectedResource[],
  declared: readonly DeclaredResource[],
  overwrite: boolean,
): ProtectionPlan {
  const found = new Map<ProtectedResource, DeclaredResource>();
  const named = methodsByPath(declared);
  const remaining = (resource: ProtectedResource): readonly string[] => {
    const taken = named.get(resource.path);
    if (overwrite || taken === undefined) return overwrite ? [] : resource.http_methods;
    return resource.http_methods.filter((method) => !taken.has(method));
  };
  for (const fits of [hasSameMethods, hasSameName]) {
    pair(recorded, declared, { found, value: (old, one) => (fits(old, one) ? 1 : 0) });
  }
  const free = recorded.filter((old) => remaining(old).length === 0);
  pair(free, declared, { found, value: methodsInCommon });

  const stays = (old: ProtectedResource): boolean => found.has(old) || !overwrite;
  const taken = new Set(found.values());
  return {
    kept: recorded.filter(stays).map((old) => retained(old, found.get(old), remaining(old))),
    declared: new Set([...found.keys()].map(({ id }) => id)),
    removed: recorded.filter((old) => !stays(old)),
    created: declared.filter((one) => !taken.has(one)),
  };
}

interface Pairing {
  readonly found: Map<ProtectedResource, DeclaredResource>;
  /** Rank of a pair; 0 for a pair that does not match. */
  readonly value: (old: ProtectedResource, one: DeclaredResource) => number;
}

/** Assigns to each condition without a resource the remaining resource of the highest rank. */
function pair(
  recorded: readonly ProtectedResource[],
  declared: readonly DeclaredResource[],
  { found, value }: Pairing,
): void {
  const taken = new Set(found.values());
  for (const one of declared.filter((candidate) => !taken.has(candidate))) {
    const [best] = recorded
      .filter((old) => !found.has(old) && isSamePath(old, one) && value(old, one) > 0)
      .sort((a, b) => value(b, one) - value(a, one));
    if (best) found.set(best, one);
  }
}

/** New form of a retained resource; a mere change in the order of methods does not rename it. */
function retained(
  old: ProtectedResource,
  one: DeclaredResource | undefined,
  methods: readonly string[],
): ProtectedResource {
  const { id, adopted } = old;
  const own = { id, ...(adopted && { adopted }) };
  if (one) return { ...one, ...own, ...(one.hash === old.hash && { name: old.name }) };
  if (methods.length === old.http_methods.length) return old;
  // A resource without methods remains unchanged at the authorization server.
  if (methods.length === 0) return { ...old, http_methods: [] };
  return described({ ...old, http_methods: methods });
}

function methodsByPath(
  declared: readonly DeclaredResource[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const named = new Map<string, Set<string>>();
  for (const { path, http_methods } of declared) {
    const methods = named.get(path) ?? new Set();
    http_methods.forEach((method) => methods.add(method));
    named.set(path, methods);
  }
  return named;
}

function isSamePath(old: ProtectedResource, one: DeclaredResource): boolean {
  return old.path === one.path;
}

function hasSameMethods(old: ProtectedResource, one: DeclaredResource): boolean {
  return (
    old.http_methods.length === one.http_methods.length &&
    methodsInCommon(old, one) === old.http_methods.length
  );
}

function hasSameName(old: ProtectedResource, one: DeclaredResource): boolean {
  return old.name === one.name;
}

function methodsInCommon(old: ProtectedResource, one: DeclaredResource): number {
  return old.http_methods.filter((method) => one.http_methods.includes(method)).length;
}
