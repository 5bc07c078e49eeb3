import type { OxdClock } from '../clock.js';
import type { UmaPathResolver } from '../oxd.options.js';
import type { UmaDeclaration } from './declaration.js';

/** Parameters of a route as the platform has them: Express has lists for wildcards. */
export type RouteParams = Readonly<Record<string, unknown>>;

/** Longest time that `uma.paths` may take, in milliseconds. */
const LIMIT = 10_000;

/** `uma.paths` gave no answer in time. */
export class LatePathError extends Error {
  override readonly name = 'LatePathError';
}

/**
 * The path to check: the declared one, or what option `uma.paths` makes of it.
 *
 * @returns undefined where `uma.paths` returned no path
 * @throws {LatePathError} where it took longer than 10 seconds; whatever it throws itself
 */
export async function resourcePath(
  declaration: UmaDeclaration,
  params: RouteParams,
  { paths, clock }: { readonly paths?: UmaPathResolver; readonly clock: OxdClock },
): Promise<string | undefined> {
  if (!paths) return declaration.path;
  const { path, http_method, handler } = declaration;
  const work = async (): Promise<unknown> => paths({ path, http_method, handler }, texts(params));
  const resolved = await limited(work(), clock);
  return typeof resolved === 'string' && resolved.startsWith('/') ? resolved : undefined;
}

function texts(params: RouteParams): Record<string, string> {
  const entries = Object.entries(params).flatMap(([name, value]): [string, string][] => {
    if (Array.isArray(value)) return [[name, value.join('/')]];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return Object.fromEntries(entries);
}

async function limited<T>(work: Promise<T>, clock: OxdClock): Promise<T> {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(LIMIT, () => reject(new LatePathError(`no answer in ${LIMIT} ms`)));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
