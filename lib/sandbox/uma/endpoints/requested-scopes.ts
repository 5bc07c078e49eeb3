import { OAuthError } from '../oauth-response.js';
import type { Resources } from '../resources.js';
import type { Permission, Ticket } from '../tickets.js';

/**
 * Adds the scopes that the client requests to the permissions of a ticket, each for every resource
 * that has the scope. Clients of the sandbox count as registered for every scope.
 *
 * @param scope scopes separated by spaces
 * @throws {OAuthError} `invalid_scope` when no resource of the ticket has one of the scopes
 * @see UMA 2.0 Grant §3.3.4
 */
export function withRequestedScopes(
  resources: Resources,
  { resourceServer, permissions }: Ticket,
  scope = '',
): readonly Permission[] {
  const extra = scope.split(' ').filter((one) => one !== '');
  const scopesOf = ({ resource_id }: Permission) =>
    resources.find(resourceServer, resource_id)?.resource_scopes ?? [];
  const available = new Set(permissions.flatMap(scopesOf));
  if (!extra.every((one) => available.has(one))) {
    throw new OAuthError(
      400,
      'invalid_scope',
      'scope: no resource of the ticket has a requested scope.',
    );
  }
  return permissions.map((permission) => {
    const matching = extra.filter((one) => scopesOf(permission).includes(one));
    const all = new Set([...permission.resource_scopes, ...matching]);
    return { resource_id: permission.resource_id, resource_scopes: [...all] };
  });
}
