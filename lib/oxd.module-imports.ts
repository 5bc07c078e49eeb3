import type { ModulesContainer } from '@nestjs/core';

/** Module of an application, as Nest lists it. */
export type NestModule = ModulesContainer extends Map<string, infer Module> ? Module : never;

type IsSite = (module: NestModule) => boolean;

/**
 * Returns the issues of how an application imports several `OxdModule`s, as `path: message`. In
 * each of these cases Nest would silently inject the services of one of them.
 *
 * @param isSite returns true for an `OxdModule`
 */
export function importIssues(modules: ModulesContainer, isSite: IsSite): string[] {
  const all = [...modules.values()];
  const globals = all.filter((module) => module.isGlobal && isSite(module));
  const ambiguous = all.filter((module) => [...importedSites(module, isSite)].length > 1);
  return [
    ...(globals.length > 1 ? ['isGlobal: set it for one OxdModule at most'] : []),
    ...ambiguous.map(({ name }) => `${name}: ${AMBIGUOUS}`),
  ];
}

const AMBIGUOUS =
  'imports more than one OxdModule, itself or through what an imported module exports; import ' +
  'each OxdModule in another module';

/**
 * Returns the issues of what Nest has injected, as `path: message`. NestJS 11.0 may inject the
 * services of a global module although a module imports its own.
 *
 * @param isSite returns true for an `OxdModule`
 */
export function injectionIssues(modules: ModulesContainer, isSite: IsSite): string[] {
  return [...modules.values()].flatMap((module) => {
    const [own] = [...importedSites(module, isSite)];
    if (!own || !injectedModules(module).some((from) => isSite(from) && from !== own)) return [];
    return [`${module.name}: ${FOREIGN}`];
  });
}

const FOREIGN =
  'NestJS has injected services of the global OxdModule instead of the imported one; update ' +
  '@nestjs/core, or remove isGlobal';

/** Modules that the providers, controllers and guards of a module got their dependencies from. */
function injectedModules({ providers, controllers, injectables }: NestModule): NestModule[] {
  return [...providers.values(), ...controllers.values(), ...injectables.values()]
    .flatMap((wrapper) => [
      ...(wrapper.getCtorMetadata() ?? []),
      ...(wrapper.getPropertiesMetadata() ?? []).map((property) => property.wrapper),
    ])
    .flatMap(({ host }) => host ?? []);
}

/** Follows re-exports as Nest does when it looks for a provider. */
function* importedSites(
  module: NestModule,
  isSite: IsSite,
  seen = new Set<NestModule>([module]),
): Generator<NestModule> {
  for (const imported of ownImports(module)) {
    if (seen.has(imported)) continue;
    seen.add(imported);
    if (isSite(imported)) yield imported;
    else yield* reexportedSites(imported, isSite, seen);
  }
}

function* reexportedSites(
  module: NestModule,
  isSite: IsSite,
  seen: Set<NestModule>,
): Generator<NestModule> {
  for (const imported of ownImports(module)) {
    if (seen.has(imported) || !module.exports.has(imported.metatype)) continue;
    seen.add(imported);
    if (isSite(imported)) yield imported;
    else yield* reexportedSites(imported, isSite, seen);
  }
}

/**
 * Imports that the module itself lists. Nest adds every global module after them, its own core module
 * first.
 */
function ownImports({ imports }: NestModule): NestModule[] {
  const all = [...imports];
  const core = all.findIndex(({ name }) => name === 'InternalCoreModule');
  return core === -1 ? all.filter(({ isGlobal }) => !isGlobal) : all.slice(0, core);
}
