import { isNonEmptyString } from '../../base/json.js';

/** Resource description (UMA Federated Authorization §3.1). */
export interface ResourceDescription {
  readonly name: string;
  readonly resource_scopes: readonly string[];
  /** JSON string; an extension of Gluu and Janssen. */
  readonly scope_expression?: string;
}

/**
 * Properties that administrators edit and an update must preserve: those of UMA Federated
 * Authorization §3.1, of Keycloak and of SolidLab. A property is only sent if the server returned
 * it.
 */
const PRESERVED_PROPERTIES = [
  ...['type', 'icon_uri', 'description'],
  ...['uris', 'displayName', 'ownerManagedAccess', 'attributes'],
  ...['resource_defaults', 'resource_relations', 'derived_from'],
];

/**
 * True for a valid resource id, which is part of a URL. `.` and `..` would change the path; for an
 * empty id Keycloak issues a ticket for every resource.
 */
export function isResourceId(value: unknown): value is string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > 1024) return false;
  return value !== '.' && value !== '..' && !/[\p{Cc}\p{Cs}]/u.test(value);
}

/** URL of a resource description: the endpoint and the id, separated by one slash. */
export function resourceUrl(endpoint: string, id: string): string {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${encodeURIComponent(id)}`;
  return url.href;
}

/** Adds the preserved properties of the existing description. */
export function preserveProperties(
  description: ResourceDescription,
  existing: Readonly<Record<string, unknown>>,
): object {
  const names = PRESERVED_PROPERTIES.filter(
    (name) => existing[name] !== undefined && existing[name] !== null,
  );
  return { ...Object.fromEntries(names.map((name) => [name, existing[name]])), ...description };
}

/** Adds scopes to a description. */
export function withScopes(
  description: ResourceDescription,
  scopes: readonly string[],
): ResourceDescription {
  const resource_scopes = [...new Set([...description.resource_scopes, ...scopes])];
  return { ...description, resource_scopes };
}

/** Scopes of a description: strings, or objects with a name (Keycloak). */
export function scopesOf({
  resource_scopes,
  scopes = [],
}: Readonly<Record<string, unknown>>): readonly string[] {
  const list = Array.isArray(resource_scopes) ? resource_scopes : [scopes].flat();
  return list
    .map((scope: unknown) => (scope as { name?: unknown } | null)?.name ?? scope)
    .filter((scope) => typeof scope === 'string');
}

/** Name of the resource owner; undefined if the description does not contain a name. */
export function ownerOf({ owner }: Readonly<Record<string, unknown>>): string | undefined {
  const name = typeof owner === 'object' ? (owner as { name?: unknown } | null)?.name : owner;
  return isNonEmptyString(name) ? name : undefined;
}
