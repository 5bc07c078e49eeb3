import { OxdStoreError } from '../../base/errors.js';
import type { OxdStore } from '../../store/oxd-store.js';
import { type DeclaredResource } from './declared-resource.js';
import { isResourceId } from './resource-description.js';
import { objectOf } from '../requests/json.js';

/** A resource that a site has at its authorization server. */
export interface ProtectedResource extends DeclaredResource {
  /** Its id there. */
  readonly id: string;
  /** Whether it was there before this site described it: then it is not this site's to delete. */
  readonly adopted?: boolean;
}

/** What the engine keeps of the resources of a site. It has no lifetime. */
export interface ResourceRecord {
  /** Of two for the same path and method the last one counts. */
  readonly resources: readonly ProtectedResource[];
  /** Names that were being registered: whether they are, is not known. */
  readonly pending: readonly string[];
}

/**
 * The resources under a {@link resourcesKey}; none if the key is missing.
 *
 * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE, also where the store holds something else
 */
export async function readResources(store: OxdStore, key: string): Promise<ResourceRecord> {
  const value = await store.get(key);
  if (value === undefined || value === null) return { resources: [], pending: [] };
  const { resources, pending } = objectOf(value) ?? {};
  if (Array.isArray(resources) && resources.every(isResource) && Array.isArray(pending)) {
    return { resources, pending };
  }
  throw new OxdStoreError('The store holds something else under the key of resources.');
}

/**
 * The resource that a request is for: the path as a whole, and the method. oxd takes no notice of
 * upper and lower case in a path, and so one album's RPT for another's: here they are told apart.
 */
export function findResource(
  { resources }: ResourceRecord,
  path: string,
  http_method: string,
): ProtectedResource | undefined {
  const [key, method] = [path, http_method.toUpperCase()];
  return resources.findLast(
    (resource) => resource.path === key && resource.http_methods.includes(method),
  );
}

/** An id that is none must never reach the authorization server. */
function isResource(value: unknown): value is ProtectedResource {
  const { id, path, http_methods, scopes } = objectOf(value) ?? {};
  return (
    isResourceId(id) &&
    typeof path === 'string' &&
    Array.isArray(http_methods) &&
    Array.isArray(scopes)
  );
}
