import type { Permission } from '../tickets.js';
import type { Wanted } from './uma-pages.js';
import type { UmaServer } from '../uma-server.js';

/** Permissions as pages name them. */
export function requestedPermissions(
  { resources }: UmaServer,
  of: { readonly resourceServer: string; readonly permissions: readonly Permission[] },
): readonly Wanted[] {
  return of.permissions.map(({ resource_id, resource_scopes }) => {
    const { name = resource_id } = resources.find(of.resourceServer, resource_id) ?? {};
    return { name, scopes: resource_scopes };
  });
}
