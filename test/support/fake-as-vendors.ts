import type { Description } from './fake-as.js';
import type { Answer } from './fake-op.js';

/** Authorization server whose behaviour a `FakeAs` imitates. */
export type Vendor = 'spec' | 'keycloak' | 'gluu' | 'janssen' | 'solidlab';

/** Behaviour that differs between authorization servers. */
export interface VendorBehavior {
  /** Further parameters of the UMA discovery document. */
  readonly discovery?: object;
  /** `scopes_supported`; another scope is rejected in a PAT request. */
  readonly scopes: readonly string[];
  readonly patStatus?: number;
  /** Response to an invalid PAT. */
  readonly patRejection: Answer;
  /** End of the URL of the resource registration endpoint. */
  readonly slash?: string;
  readonly putStatus?: 200 | 204;
  readonly uniqueNames?: boolean;
  /** Properties of a description that are rejected. */
  readonly rejects?: readonly string[];
  readonly idOf?: (description: Description) => string;
  readonly created: (id: string, description: Description) => object;
  readonly read: (id: string, description: Description) => object;
  readonly list: (all: [string, Description][], query: URLSearchParams) => string[];
  /** Credentials of an introspection request. */
  readonly introspection: 'client' | 'pat';
  /** Returns permissions only for the token_type_hint of an RPT. */
  readonly needsHint?: boolean;
  readonly inactive: Answer;
  readonly active: (permissions: readonly object[], now: number) => object;
  readonly item: (resource_id: string, resource_scopes: string[], now: number) => object;
}

const SPEC: VendorBehavior = {
  scopes: ['openid', 'uma_protection'],
  patRejection: { status: 401, json: { error: 'invalid_token' } },
  created: (_id) => ({ _id }),
  read: (_id, description) => ({ _id, ...description }),
  list: (all) => all.map(([id]) => id),
  introspection: 'pat',
  inactive: { json: { active: false } },
  active: (permissions, now) => ({ active: true, exp: now + 300, iat: now, permissions }),
  item: (resource_id, resource_scopes) => ({ resource_id, resource_scopes }),
};

/** Behaviour of Keycloak 26.7.3. */
const KEYCLOAK: VendorBehavior = {
  ...SPEC,
  discovery: { policy_endpoint: 'https://as.example.com/authz/protection/uma-policy' },
  scopes: ['openid', 'profile'],
  patRejection: { status: 403, json: { error: 'invalid_bearer_token' } },
  putStatus: 204,
  uniqueNames: true,
  rejects: ['description', 'scope_expression'],
  created: (_id, description) => ({
    ...KEYCLOAK.read(_id, description),
    owner: { id: 'd5a6c3a0', name: 'rs-client' },
  }),
  read: (_id, description) => ({
    ...description,
    _id,
    owner: { id: 'd5a6c3a0' },
    ownerManagedAccess: false,
    uris: description.uris ?? [],
    resource_scopes: [description.resource_scopes ?? []].flat().map((scope: unknown) => ({
      name: (scope as { name?: string }).name ?? scope,
    })),
  }),
  // exactName ignores case.
  list: (all, query) => {
    const wanted = query.get('name')?.toLowerCase();
    const fits = (name: unknown): boolean => !wanted || String(name).toLowerCase() === wanted;
    return all.filter(([, { name }]) => fits(name)).map(([id]) => id);
  },
  introspection: 'client',
  needsHint: true,
  active: (permissions, now) => ({
    ...{
      active: true,
      exp: now + 300,
      iat: now,
      jti: 'a1',
      aud: 'rs-client',
      typ: 'Bearer',
      acr: '1',
    },
    permissions,
  }),
  item: (id, scopes) => ({
    ...(scopes.length > 0 && { scopes }),
    ...{ rsid: id, rsname: 'Album', resource_id: id, resource_scopes: scopes },
  }),
};

const GLUU: VendorBehavior = {
  ...SPEC,
  discovery: { scope_endpoint: 'https://as.example.com/uma/scopes', uma_profiles_supported: [] },
  patRejection: { status: 406, json: { error: 'invalid_client_scope' } },
  active: (permissions, now) => ({
    ...{ active: true, exp: now + 3600, iat: now, client_id: 'client-of-bob', sub: null },
    ...{ aud: 'client-of-bob', permissions, pct_claims: null },
  }),
  item: (resource_id, resource_scopes, now) => ({ resource_id, resource_scopes, exp: now + 3600 }),
};

const SOLIDLAB: VendorBehavior = {
  ...SPEC,
  scopes: ['uma_protection'],
  patStatus: 201,
  patRejection: { status: 403, json: { status: 403, message: 'Forbidden' } },
  slash: '/',
  uniqueNames: true,
  idOf: ({ name }) => String(name),
  read: (_id, description) => description,
  inactive: { status: 400, json: { status: 400, message: 'Invalid request body.' } },
  active: (permissions) => ({ active: true, permissions }),
};

export const VENDORS: Readonly<Record<Vendor, VendorBehavior>> = {
  spec: SPEC,
  keycloak: KEYCLOAK,
  gluu: GLUU,
  janssen: { ...GLUU, patRejection: { status: 401, json: { error: 'access_denied' } } },
  solidlab: SOLIDLAB,
};
