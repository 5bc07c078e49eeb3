import type { ModulesContainer } from '@nestjs/core';

/** Module in the container of a Nest application. */
export type NestModule = ModulesContainer extends Map<string, infer Module> ? Module : never;

type IsSite = (module: NestModule) => boolean;

/**
 * Returns the issues with the imports of several `OxdModule`s, as `path: message`. In each of these
 * cases Nest would silently inject the services of one of the modules.
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
  'imports more than one OxdModule, directly or through the exports of an imported module; ' +
  'import each OxdModule in another module';

/**
 * Returns the modules with services of a wrong `OxdModule`, as `path: message`. NestJS 11.0 may
 * inject the services of a global `OxdModule` into a module that imports another one.
 *
 * @param isSite returns true for an `OxdModule`
 */
export function injectionIssues(modules: ModulesContainer, isSite: IsSite): string[] {
  return [...modules.values()].flatMap((module) => {
    const [own] = [...importedSites(module, isSite)];
    if (!own || !injectedModules(module).some((host) => isSite(host) && host !== own)) return [];
    return [`${module.name}: ${FOREIGN}`];
  });
}

const FOREIGN =
  'NestJS has injected services of the global OxdModule instead of the imported one; update ' +
  '@nestjs/core, or remove isGlobal';

/** Returns the modules of the dependencies that Nest injected into a module. */
function injectedModules({ providers, controllers, injectables }: NestModule): NestModule[] {
  return [...providers.values(), ...controllers.values(), ...injectables.values()]
    .flatMap((wrapper) => [
      ...(wrapper.getCtorMetadata() ?? []),
      ...(wrapper.getPropertiesMetadata() ?? []).map((property) => property.wrapper),
    ])
    .flatMap(({ host }) => host ?? []);
}

/**
 * Yields the imported `OxdModule`s. Follows re-exports as Nest does when it resolves a provider.
 */
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
 * Returns the declared imports of a module. Nest appends every global module to these, beginning
 * with its internal core module.
 */
function ownImports({ imports }: NestModule): NestModule[] {
  const all = [...imports];
  const core = all.findIndex(({ name }) => name === 'InternalCoreModule');
  return core === -1 ? all.filter(({ isGlobal }) => !isGlobal) : all.slice(0, core);
}
