import { objectAt, type JsonObject } from './json-file.js';
import { DEFAULTS, type NestAddOptions } from './nest-add-options.js';

type Ranges = Readonly<Record<string, string>>;

/** Adds the packages of the generated code that a `package.json` lacks. */
export function withPackages(manifest: JsonObject, options: NestAddOptions): JsonObject {
  const { dependencies, devDependencies } = neededPackages(manifest, options);
  const own = { ...objectAt(manifest, 'dependencies'), ...objectAt(manifest, 'devDependencies') };
  return {
    ...manifest,
    ...added(manifest, 'dependencies', without(dependencies, own)),
    ...added(manifest, 'devDependencies', without(devDependencies, own)),
  };
}

function neededPackages(manifest: JsonObject, { login, opHost }: NestAddOptions) {
  const nest = objectAt(manifest, 'dependencies')['@nestjs/common'];
  const isNest11 = /^\D*11\b/.test(String(nest));
  return {
    dependencies: {
      '@nestjs/config': isNest11 ? '^4.0.0' : '^12.0.0',
      ...(login && { passport: '^0.7.0' }),
    },
    devDependencies: {
      '@types/supertest': '^7.0.0',
      supertest: '^7.0.0',
      ...(login && { '@types/passport': '^1.0.17' }),
      // The sandbox, which is at this address, needs it.
      ...(opHost === DEFAULTS.opHost && { 'oidc-provider': '^9.0.0' }),
    },
  };
}

function without(ranges: Ranges, own: JsonObject): Ranges {
  return Object.fromEntries(Object.entries(ranges).filter(([name]) => !(name in own)));
}

/** Sorted as npm does it. */
function added(manifest: JsonObject, member: string, ranges: Ranges): JsonObject {
  if (Object.keys(ranges).length === 0) return {};
  const all = Object.entries({ ...objectAt(manifest, member), ...ranges });
  return { [member]: Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}
