import {
  isJsonObject,
  isNonEmptyString,
  isStringList,
  withoutUndefined,
  type JsonObject,
} from '../../base/json.js';

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
  const items = value.map((item: unknown) => (isJsonObject(item) ? withoutUndefined(item) : {}));
  return items.every(isPermission) ? items : undefined;
}

function isPermission(item: JsonObject): boolean {
  const { resource_id, resource_scopes } = item;
  if (!isNonEmptyString(resource_id) || !isStringList(resource_scopes)) {
    return false;
  }
  return TIMES.every((name) => item[name] === undefined || Number.isFinite(item[name]));
}
