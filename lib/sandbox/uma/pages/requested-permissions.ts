import type { Permission } from '../tickets.js';
import type { RequestedPermission } from './uma-pages.js';
import type { UmaServer } from '../uma-server.js';

/** Converts permissions for display on a page, with the names of the resources. */
export function requestedPermissions(
  { resources }: UmaServer,
  of: { readonly resourceServer: string; readonly permissions: readonly Permission[] },
): readonly RequestedPermission[] {
  return of.permissions.map(({ resource_id, resource_scopes }) => {
    const { name = resource_id } = resources.find(of.resourceServer, resource_id) ?? {};
    return { name, scopes: resource_scopes };
  });
}
