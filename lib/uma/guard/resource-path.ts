import type { OxdClock } from '../../base/clock.js';
import type { UmaPathResolver } from '../../options/oxd.options.js';
import { untilAborted } from '../../base/until-aborted.js';
import { withTimeLimit } from './check-timeout.js';
import type { UmaDeclaration } from '../declarations/declaration.js';

/** Parameters of a route as the platform has them: Express has lists for wildcards. */
export type RouteParams = Readonly<Record<string, unknown>>;

/** Longest time that `uma.paths` may take, in milliseconds. */
const LIMIT = 10_000;

/**
 * The path to check: the declared one, or what option `uma.paths` makes of it.
 *
 * @returns undefined where `uma.paths` returned no path
 * @throws {CheckTimeoutError} where it took longer than 10 seconds; whatever it throws itself
 */
export async function resourcePath(
  declaration: UmaDeclaration,
  params: RouteParams,
  { paths, clock }: { readonly paths?: UmaPathResolver; readonly clock: OxdClock },
): Promise<string | undefined> {
  if (!paths) return declaration.path;
  const { path, http_method, handler } = declaration;
  const work = async (): Promise<unknown> => paths({ path, http_method, handler }, texts(params));
  const inTime = { milliseconds: LIMIT, late: `no answer in ${LIMIT} ms` };
  const resolved = await withTimeLimit(inTime, clock, (signal) => untilAborted(signal, work()));
  return typeof resolved === 'string' && resolved.startsWith('/') ? resolved : undefined;
}

function texts(params: RouteParams): Record<string, string> {
  const entries = Object.entries(params).flatMap(([name, value]): [string, string][] => {
    if (Array.isArray(value)) return [[name, value.join('/')]];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return Object.fromEntries(entries);
}
