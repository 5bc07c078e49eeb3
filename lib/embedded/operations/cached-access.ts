import type { Params, Result } from '../../commands/command.js';
import type { EmbeddedRuntime } from '../context/operation-context.js';
import { cachedDecision } from '../decision/decision.js';
import { administeredInMemory } from '../resources/administered-resource.js';
import { resourceInMemory } from '../resources/known-resource.js';
import { neededPermission } from '../rpt/needed-permission.js';
import { cachedCoverage } from '../rpt/rpt-coverage.js';

type Command = 'uma_rs_check_access';

/**
 * Grants a request from memory, without waiting: by the copies of site and resource, and by a cached
 * introspection, which the same rules are applied to as in `uma_rs_check_access`, or a cached decision.
 *
 * @returns undefined if the command must be executed
 */
export function cachedAccess(
  runtime: EmbeddedRuntime,
  params: Params<Command>,
): Result<Command> | undefined {
  const { rpt } = params;
  if (!rpt) return undefined;
  const known =
    params.resource === undefined
      ? resourceInMemory(runtime, params)
      : administeredInMemory(runtime, params);
  if (!known) return undefined;
  if (params.mode === 'decision') return cachedDecision(runtime, params, known);
  const needed = neededPermission(runtime, known.resource, params);
  const coverage = cachedCoverage(runtime, known.site, { rpt, needed });
  return coverage && { access: 'granted', permissions: coverage.permissions, sub: coverage.sub };
}
