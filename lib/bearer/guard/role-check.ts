import type { BearerRoles } from '../../options/bearer-options.js';
import type { BearerRequirement } from '../declarations/bearer-requirement.js';

type Roles = NonNullable<BearerRequirement['roles']>;

/**
 * Compares the roles of a token with the required ones.
 *
 * @param rolesOf option `bearer.roles`
 * @returns reason of a denial for the log; undefined if the roles suffice
 */
export function missingRole(
  { names, needs }: Roles,
  claims: Parameters<BearerRoles>[0],
  rolesOf: BearerRoles | undefined,
): string | undefined {
  const roles = readRoles(claims, rolesOf);
  if (typeof roles === 'string') return roles;
  const has = (name: string): boolean => roles.includes(name);
  if (needs === 'all' ? names.every(has) : names.some(has)) return undefined;
  return `the token lacks ${needs === 'all' ? 'one' : 'each'} of the roles ${names.join(', ')}`;
}

/** Returns the roles, or the reason why they are unknown. */
function readRoles(
  claims: Parameters<BearerRoles>[0],
  rolesOf: BearerRoles | undefined,
): readonly unknown[] | string {
  let roles: unknown;
  try {
    roles = rolesOf?.(claims);
  } catch (error) {
    // Its message may contain claims of the token.
    return `bearer.roles threw ${error instanceof Error ? error.name : 'no Error'}`;
  }
  // The rejection of an ignored promise would end the process.
  if (roles instanceof Promise) roles.catch(() => undefined);
  return Array.isArray(roles) ? roles : 'bearer.roles returned no list';
}
