import { described, type DeclaredResource } from './declared-resource.js';
import type { ProtectedResource } from './resource-record.js';

/** What is to be done with the resources of a site. */
export interface ProtectionPlan {
  /** The recorded resources that stay, as they shall be. */
  readonly kept: readonly ProtectedResource[];
  /** Ids of those among them that were declared. */
  readonly declared: ReadonlySet<string>;
  /** The recorded resources that go. */
  readonly removed: readonly ProtectedResource[];
  /** What there is no resource for. */
  readonly created: readonly DeclaredResource[];
}

/**
 * Finds the recorded resource of each declared condition. A resource keeps its id, and so whatever
 * an administrator attached to it, as long as one of its methods is declared for its path:
 *
 * 1. with the same methods, or the same name;
 * 2. else one none of whose methods stays behind, the one with most methods in common.
 *
 * A recorded resource with methods that are declared no longer keeps these. One that has lost all of
 * its methods to others is kept without any, until `overwrite` removes it.
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
    kept: recorded.filter(stays).map((old) => keep(old, found.get(old), remaining(old))),
    declared: new Set([...found.keys()].map(({ id }) => id)),
    removed: recorded.filter((old) => !stays(old)),
    created: declared.filter((one) => !taken.has(one)),
  };
}

interface Pairing {
  readonly found: Map<ProtectedResource, DeclaredResource>;
  /** How well two fit; 0 = not at all. */
  readonly value: (old: ProtectedResource, one: DeclaredResource) => number;
}

/** Gives each declared condition without a resource the best one that is left. */
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

/** A resource as it shall be; the order of its methods alone is no reason to rename it. */
function keep(
  old: ProtectedResource,
  one: DeclaredResource | undefined,
  methods: readonly string[],
): ProtectedResource {
  const { id, adopted } = old;
  const own = { id, ...(adopted && { adopted }) };
  if (one) return { ...one, ...own, ...(one.hash === old.hash && { name: old.name }) };
  if (methods.length === old.http_methods.length) return old;
  // Without methods it stays at the authorization server as it was.
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
