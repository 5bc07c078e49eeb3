import type { OxdClock } from '../../base/clock.js';
import type { UmaPathResolver } from '../../options/oxd.options.js';
import { withFunctionLimit } from '../../routes/function-limit.js';
import type { UmaDeclaration } from '../declarations/declaration.js';

/** Parameters of a route in the form of the platform: a wildcard is a list on Express. */
export type RouteParams = Readonly<Record<string, unknown>>;

/**
 * Returns the path to check, from the option `uma.paths`.
 *
 * @returns undefined if `uma.paths` returned no path
 * @throws {CheckTimeoutError} when `uma.paths` takes longer than 10 seconds
 * @throws the error of `uma.paths`
 */
export async function resourcePath(
  declaration: UmaDeclaration,
  params: RouteParams,
  { paths, clock }: { readonly paths: UmaPathResolver; readonly clock: OxdClock },
): Promise<string | undefined> {
  const { path, http_method, handler } = declaration;
  const work = async (): Promise<unknown> =>
    paths({ path, http_method, handler }, stringParams(params));
  const resolved = await withFunctionLimit(clock, work);
  return typeof resolved === 'string' && resolved.startsWith('/') ? resolved : undefined;
}

function stringParams(params: RouteParams): Record<string, string> {
  const entries = Object.entries(params).flatMap(([name, value]): [string, string][] => {
    if (Array.isArray(value)) return [[name, value.join('/')]];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return Object.fromEntries(entries);
}
