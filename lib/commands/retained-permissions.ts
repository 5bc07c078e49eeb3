import { unverifiedJwt } from '../base/unverified-jwt.js';
import { MAX_RPT_LENGTH } from '../base/limits.js';
import type { UmaPermission } from './uma.js';

/** Permissions of an RPT with the expiry of the RPT, in seconds since 1970. */
interface Expiring {
  readonly exp?: number;
  readonly permissions?: readonly UmaPermission[];
}

/**
 * Freezes permissions that several requests share: a handler that changes them must not grant access
 * to another request.
 */
export function freezePermissions(permissions: readonly UmaPermission[] = []): void {
  for (const permission of permissions) {
    Object.freeze(permission.resource_scopes);
    Object.freeze(permission);
  }
  Object.freeze(permissions);
}

/** Returns a frozen copy, for permissions that belong to someone else. */
export function frozenPermissions(permissions: readonly UmaPermission[]): readonly UmaPermission[] {
  const copies = permissions.map((one) => ({ ...one, resource_scopes: [...one.resource_scopes] }));
  freezePermissions(copies);
  return copies;
}

/** Returns false for permissions that are too large for a cache: in sum longer than the longest RPT. */
export function isRetainable(permissions: readonly UmaPermission[] = []): boolean {
  let size = 0;
  for (const { resource_id, resource_scopes } of permissions) {
    size += resource_id.length;
    for (const scope of resource_scopes) size += scope.length + 1;
  }
  return size <= MAX_RPT_LENGTH;
}

/** First time at which an RPT or one of its permissions has expired, in milliseconds since 1970. */
export function earliestExpiry({ exp = Infinity, permissions = [] }: Expiring): number {
  const ends = permissions.map((permission) => permission.exp ?? Infinity);
  return 1000 * Math.min(exp, ...ends);
}

/**
 * Expiry of a token, in milliseconds since 1970. The `exp` of a JWT is not verified, so that it may
 * shorten a lifetime and never extend one; another token has no known expiry.
 */
export function unverifiedExpiry(token: string): number {
  const { exp } = unverifiedJwt(token)?.claims ?? {};
  return typeof exp === 'number' ? 1000 * exp : Infinity;
}
