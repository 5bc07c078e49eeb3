/** What an RPT allows, or a ticket asks for, at one resource. */
export interface Permission {
  readonly resource_id: string;
  readonly resource_scopes: readonly string[];
}

/** What a permission ticket stands for: how far the authorization process has come. */
export interface Ticket {
  /** client_id of the resource server that asked for it. */
  readonly resourceServer: string;
  readonly permissions: readonly Permission[];
  /** With the scopes that the client asked for besides, when something was missing. */
  readonly wanted?: readonly Permission[];
  /** The client that presented its forerunner; nobody else may present this one. */
  readonly client?: string;
  /** The requesting party, once known. */
  readonly party?: string;
  /** What the requesting party answered at the claims-gathering page. */
  readonly answers: Readonly<Record<string, string>>;
  /** Id of what was submitted to the owner. */
  readonly submission?: string;
}

/** What a persisted claims token stands for. */
export interface PersistedClaims {
  readonly client: string;
  readonly party?: string;
  readonly answers: Readonly<Record<string, string>>;
}

/** What a page that gathers claims is about. */
export interface ClaimsSession {
  /** The client that sent the browser here: anybody's text. */
  readonly application: string;
  /** Where the browser goes back to. */
  readonly redirectUri: string;
  readonly state?: string;
  readonly ticket: Ticket;
  /** The value of the cookie of the browser that began. */
  readonly browser: string;
}

/** Each resource once, with all the scopes it has in the list. */
export function joined(permissions: readonly Permission[]): readonly Permission[] {
  const scopes = new Map<string, Set<string>>();
  for (const { resource_id, resource_scopes } of permissions) {
    scopes.set(resource_id, new Set([...(scopes.get(resource_id) ?? []), ...resource_scopes]));
  }
  return [...scopes].map(([resource_id, all]) => ({ resource_id, resource_scopes: [...all] }));
}
