import { isStringList } from './claims.js';
import { isJsonObject, withoutNulls, type JsonObject } from './members.js';

const TIMES = ['exp', 'iat', 'nbf'];

/**
 * Reads the permissions of an RPT. One without resource id or list of scopes, or with a time that is
 * no number, invalidates all: partial permissions would mislead the caller.
 *
 * @returns undefined if the permissions are invalid
 * @see UMA Federated Authorization §5.1.1
 */
export function readPermissions(value: unknown): readonly JsonObject[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item: unknown) => (isJsonObject(item) ? withoutNulls(item) : {}));
  return items.every(isPermission) ? items : undefined;
}

function isPermission(item: JsonObject): boolean {
  const { resource_id, resource_scopes } = item;
  if (typeof resource_id !== 'string' || resource_id === '' || !isStringList(resource_scopes)) {
    return false;
  }
  return TIMES.every((name) => item[name] === undefined || Number.isFinite(item[name]));
}
