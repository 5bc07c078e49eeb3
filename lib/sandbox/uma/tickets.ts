/** Scopes that an RPT grants, or a ticket requests, at one resource. */
export interface Permission {
  readonly resource_id: string;
  readonly resource_scopes: readonly string[];
}

/** Content of a permission ticket: the state of the authorization process. */
export interface Ticket {
  /** client_id of the resource server that requested the ticket. */
  readonly resourceServer: string;
  readonly permissions: readonly Permission[];
  /** Permissions including the scopes that the client requested in a previous token request. */
  readonly requested?: readonly Permission[];
  /** Client that presented the previous ticket; no other client may present this ticket. */
  readonly client?: string;
  /** `sub` of the requesting party; undefined while unknown. */
  readonly party?: string;
  /** Answers of the requesting party at the claims-gathering page. */
  readonly answers: Readonly<Record<string, string>>;
  /** Id of the request submitted to the resource owner. */
  readonly submission?: string;
}

/** Content of a persisted claims token. */
export interface PersistedClaims {
  readonly client: string;
  readonly party?: string;
  readonly answers: Readonly<Record<string, string>>;
}

/** State of a claims-gathering page. */
export interface ClaimsSession {
  /** Name of the client that sent the browser: untrusted input. */
  readonly application: string;
  /** URI to which the browser returns. */
  readonly redirectUri: string;
  readonly state?: string;
  readonly ticket: Ticket;
  /** Value of the cookie that binds the page to its browser. */
  readonly browser: string;
}

/** Merges permissions, so that each resource occurs once with all its scopes. */
export function mergePermissions(permissions: readonly Permission[]): readonly Permission[] {
  const scopes = new Map<string, Set<string>>();
  for (const { resource_id, resource_scopes } of permissions) {
    scopes.set(resource_id, new Set([...(scopes.get(resource_id) ?? []), ...resource_scopes]));
  }
  return [...scopes].map(([resource_id, all]) => ({ resource_id, resource_scopes: [...all] }));
}
