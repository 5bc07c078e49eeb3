import type { Params } from '../../commands/command.js';
import type { EmbeddedRuntime } from '../context/operation-context.js';
import type { CheckedResource } from '../resources/known-resource.js';
import type { NeededPermission } from './rpt-permissions.js';

/** Permission that a request for a resource needs; scopes of the request replace those of the resource. */
export function neededPermission(
  { options }: EmbeddedRuntime,
  { id: resource_id, scopes, scope_expression }: CheckedResource,
  { scopes: requested = [] }: Pick<Params<'uma_rs_check_access'>, 'scopes'>,
): NeededPermission {
  const { requiredScopes = 'any' } = options;
  if (requested.length > 0) return { resource_id, scopes: requested, requiredScopes };
  return { resource_id, scopes, requiredScopes, scope_expression };
}
