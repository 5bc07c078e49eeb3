/** What a resource server says of a resource (UMA Federated Authorization §3.1). */
export interface ResourceDescription {
  readonly name: string;
  readonly resource_scopes: readonly string[];
  /** JSON text; Gluu's and Janssen's own. */
  readonly scope_expression?: string;
}

/**
 * Members of administrators, which an update must not lose: UMA's own (UMA Federated Authorization
 * §3.1), Keycloak's and SolidLab's. Only what a server has told is sent back to it.
 */
const PRESERVED_PROPERTIES = [
  ...['type', 'icon_uri', 'description'],
  ...['uris', 'displayName', 'ownerManagedAccess', 'attributes'],
  ...['resource_defaults', 'resource_relations', 'derived_from'],
];

/**
 * Whether a value can be the id of a resource: text that names one in a URL. `.` and `..` would name
 * something else; of an empty one Keycloak makes a ticket for everything.
 */
export function isResourceId(value: unknown): value is string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > 1024) return false;
  return value !== '.' && value !== '..' && !/[\p{Cc}\p{Cs}]/u.test(value);
}

/** Where a resource is described: one slash between endpoint and id, whatever the endpoint ends in. */
export function resourceUrl(endpoint: string, id: string): string {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${encodeURIComponent(id)}`;
  return url.href;
}

/** A description that keeps what else was in the one before. */
export function preserveProperties(
  description: ResourceDescription,
  before: Readonly<Record<string, unknown>>,
): object {
  const kept = PRESERVED_PROPERTIES.filter(
    (name) => before[name] !== undefined && before[name] !== null,
  );
  return { ...Object.fromEntries(kept.map((name) => [name, before[name]])), ...description };
}

/** The description with further scopes. */
export function withScopes(
  description: ResourceDescription,
  scopes: readonly string[],
): ResourceDescription {
  const resource_scopes = [...new Set([...description.resource_scopes, ...scopes])];
  return { ...description, resource_scopes };
}

/** The scopes that a description tells: strings, or objects with a name (Keycloak). */
export function scopesOf({
  resource_scopes,
  scopes = [],
}: Readonly<Record<string, unknown>>): readonly string[] {
  const list = Array.isArray(resource_scopes) ? resource_scopes : [scopes].flat();
  return list
    .map((scope: unknown) => (scope as { name?: unknown } | null)?.name ?? scope)
    .filter((scope) => typeof scope === 'string');
}

/** Who owns a resource, where the description tells it by name. */
export function ownerOf({ owner }: Readonly<Record<string, unknown>>): string | undefined {
  const name = typeof owner === 'object' ? (owner as { name?: unknown } | null)?.name : owner;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
