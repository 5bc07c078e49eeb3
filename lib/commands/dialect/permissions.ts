import { isTexts } from './claims.js';
import { isJsonObject, present, type Members } from './members.js';

const TIMES = ['exp', 'iat', 'nbf'];

/**
 * The permissions of an RPT. One that names no resource, no list of scopes or a time that is no
 * number spoils all of them: what it allows cannot be known.
 *
 * @returns undefined where they cannot be read
 * @see UMA Federated Authorization §5.1.1
 */
export function readPermissions(value: unknown): readonly Members[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item: unknown) => (isJsonObject(item) ? present(item) : {}));
  return items.every(isPermission) ? items : undefined;
}

function isPermission(item: Members): boolean {
  const { resource_id, resource_scopes } = item;
  if (typeof resource_id !== 'string' || resource_id === '' || !isTexts(resource_scopes)) {
    return false;
  }
  return TIMES.every((name) => item[name] === undefined || Number.isFinite(item[name]));
}
