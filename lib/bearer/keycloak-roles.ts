import { OxdConfigurationError } from '../base/errors.js';
import { isJsonObject, textOf } from '../base/json.js';
import type { BearerRoles } from '../options/bearer-options.js';

/** Prefix of realm roles beside the roles of a client. */
const REALM = 'realm:';

/**
 * Returns a function for option `bearer.roles` that reads the roles from tokens of Keycloak: without an
 * argument the realm roles by name (`admin`); with a client id the roles of that client by name and the
 * realm roles with a prefix (`realm:admin`). A client role whose name begins with `realm:` is ignored,
 * since it could pass for a realm role.
 *
 * @param client client whose roles are read, usually that of the API
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID for a client id that is undefined or blank, such
 *   as a missing variable: realm roles would count as roles of the client
 */
export function keycloakRoles(...client: readonly [] | readonly [clientId: string]): BearerRoles {
  const [clientId] = client;
  if (client.length > 0 && textOf(clientId) === undefined) {
    throw new OxdConfigurationError([NO_CLIENT]);
  }
  return (claims) => {
    const realm = rolesIn(claims.realm_access);
    if (clientId === undefined) return realm;
    const own = rolesIn(ownValue(claims.resource_access, clientId));
    return [
      ...own.filter((role) => !role.startsWith(REALM)),
      ...realm.map((role) => `${REALM}${role}`),
    ];
  };
}

const NO_CLIENT =
  'bearer.roles: keycloakRoles(clientId) needs a client id; call keycloakRoles() for the realm roles';

function rolesIn(access: unknown): string[] {
  const roles = ownValue(access, 'roles');
  return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
}

function ownValue(object: unknown, name: string): unknown {
  return isJsonObject(object) && Object.hasOwn(object, name) ? object[name] : undefined;
}
