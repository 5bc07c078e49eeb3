import { OxdStoreError } from '../../base/errors.js';
import type { SiteMetadata } from '../../site/site-metadata.js';
import { OperationError } from '../requests/operation-error.js';
import type { ProviderAddress } from '../provider/provider-address.js';

/** A client as the provider described it (RFC 7591 §3.2.1). Times are seconds since 1970. */
export interface ClientRecord {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly client_id_issued_at?: number;
  /** 0 = never. */
  readonly client_secret_expires_at?: number;
  readonly registration_access_token?: string;
  readonly registration_client_uri?: string;
  readonly token_endpoint_auth_method?: string;
  readonly token_endpoint_auth_signing_alg?: string;
  readonly id_token_signed_response_alg?: string;
  readonly userinfo_signed_response_alg?: string;
}

/** What the engine keeps of a site. */
export interface RegisteredSite extends ProviderAddress {
  readonly oxd_id: string;
  /** As `register_site` and `update_site` described it. */
  readonly site: SiteMetadata;
  /** Who it is at the provider. */
  readonly client: ClientRecord;
  /** Whether the client was registered by this engine, and not given to it. */
  readonly registered: boolean;
}

const CLIENT_MEMBERS = {
  client_id: 'string',
  client_secret: 'string',
  client_id_issued_at: 'number',
  client_secret_expires_at: 'number',
  registration_access_token: 'string',
  registration_client_uri: 'string',
  token_endpoint_auth_method: 'string',
  token_endpoint_auth_signing_alg: 'string',
  id_token_signed_response_alg: 'string',
  userinfo_signed_response_alg: 'string',
} as const satisfies Record<keyof ClientRecord, string>;

/** What a site says of how its client proves itself and what is signed, as the client has it. */
export const RECORD_NAMES = {
  client_token_endpoint_auth_method: 'token_endpoint_auth_method',
  client_token_endpoint_auth_signing_alg: 'token_endpoint_auth_signing_alg',
  id_token_signed_response_alg: 'id_token_signed_response_alg',
  user_info_signed_response_alg: 'userinfo_signed_response_alg',
} as const satisfies Partial<Record<keyof SiteMetadata, keyof ClientRecord>>;

/**
 * Reads a client out of a registration answer.
 *
 * @throws {OperationError} `no_client_id_returned`
 */
export function clientRecord(answer: unknown): ClientRecord {
  const members = (answer ?? {}) as Record<string, unknown>;
  const { client_id } = members;
  if (typeof client_id !== 'string' || client_id === '') {
    throw new OperationError('no_client_id_returned', 'The OpenID Provider returned no client_id.');
  }
  const known = Object.entries(CLIENT_MEMBERS)
    .map(([name, type]) => [name, type, members[name]] as const)
    .filter(([, type, value]) => typeof value === type && value !== '');
  return { ...Object.fromEntries(known.map(([name, , value]) => [name, value])), client_id };
}

/** Key of a site in the store. */
export function siteKey(oxd_id: string): string {
  return `site:${oxd_id}`;
}

/** Reads what the store kept under {@link siteKey}; undefined where there is nothing. */
export function siteRecord(value: unknown): RegisteredSite | undefined {
  if (value === undefined || value === null) return undefined;
  const record = value as RegisteredSite;
  if (typeof record.client?.client_id !== 'string' || typeof record.op_host !== 'string') {
    throw new OxdStoreError('The store holds something else under the key of a site.');
  }
  return record;
}

/** Where a site's users may be sent after a logout: `post_logout_redirect_uri` first, none twice. */
export function logoutUris({
  post_logout_redirect_uri,
  post_logout_redirect_uris = [],
}: SiteMetadata): string[] {
  const all = [post_logout_redirect_uri || undefined, ...post_logout_redirect_uris];
  return [...new Set(all.filter((uri) => uri !== undefined))];
}

/** The redirect URIs of a site: `authorization_redirect_uri` first, none twice. */
export function redirectUris({
  authorization_redirect_uri,
  redirect_uris = [],
}: SiteMetadata): string[] {
  const all = [authorization_redirect_uri, ...redirect_uris].filter((uri) => uri !== undefined);
  return [...new Set(all)];
}
