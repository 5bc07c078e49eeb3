import { OxdStoreError } from '../../base/errors.js';
import type { OxdStore } from '../../store/oxd-store.js';
import { type DeclaredResource } from './declared-resource.js';
import { isResourceId } from './resource-description.js';
import type { JsonObject } from '../../base/json.js';

/** Resource of a site at its authorization server. */
export interface ProtectedResource extends DeclaredResource {
  /** Id of the resource at the authorization server. */
  readonly id: string;
  /** The resource existed before this site described it, so this site must not delete it. */
  readonly adopted?: boolean;
  /** `uma_rs_modify` has changed the scopes since the last declaration. */
  readonly modified?: boolean;
}

/** Stored record of the resources of a site. Has no lifetime. */
export interface ResourceRecord {
  /** Resources; of two resources with the same path and method, the last applies. */
  readonly resources: readonly ProtectedResource[];
  /** Names of resources whose registration began and has an unknown outcome. */
  readonly pending: readonly string[];
}

/**
 * Reads the record under a {@link resourcesKey}; an empty record if the key is missing.
 *
 * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE when the store is down or the value is not a record
 */
export async function readResources(store: OxdStore, key: string): Promise<ResourceRecord> {
  const value = await store.get(key);
  if (value === undefined || value === null) return { resources: [], pending: [] };
  const { resources, pending } = value as JsonObject;
  if (Array.isArray(resources) && resources.every(isResource) && Array.isArray(pending)) {
    return { resources, pending };
  }
  throw new OxdStoreError(
    'The value stored for the resources of a site is not a record of resources.',
  );
}

/**
 * Finds the resource of a request by its exact path and its method. Unlike oxd, this distinguishes
 * upper and lower case in a path: otherwise the RPT of one album would grant access to another.
 */
export function findResource(
  { resources }: ResourceRecord,
  path: string,
  http_method: string,
): ProtectedResource | undefined {
  const method = http_method.toUpperCase();
  return resources.findLast(
    (resource) => resource.path === path && resource.http_methods.includes(method),
  );
}

/** True for a well-formed resource; an invalid id must not be sent to the authorization server. */
function isResource(value: unknown): value is ProtectedResource {
  const { id, path, http_methods, scopes } = Object(value) as JsonObject;
  return (
    isResourceId(id) &&
    typeof path === 'string' &&
    Array.isArray(http_methods) &&
    Array.isArray(scopes)
  );
}
