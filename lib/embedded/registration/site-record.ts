import { OxdStoreError } from '../../base/errors.js';
import { RFC_NAMES } from '../../site/rfc-names.js';
import type { SiteMetadata } from '../../site/site-parameters.js';
import { OperationError } from '../requests/operation-error.js';
import type { ProviderAddress } from '../provider/provider-address.js';
import type { OxdStore } from '../../store/oxd-store.js';
import { isNonEmptyString } from '../../base/json.js';

/** Client as the provider returned it (RFC 7591 §3.2.1). Times are seconds since 1970. */
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

/** Stored record of a site. */
export interface RegisteredSite extends ProviderAddress {
  readonly oxd_id: string;
  /** Parameters of `register_site`, changed by `update_site`. */
  readonly site: SiteMetadata;
  /** Client of the site at the provider. */
  readonly client: ClientRecord;
  /** True for a client that this transport has registered, false for a given one. */
  readonly registered: boolean;
}

const CLIENT_PROPERTIES = {
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

/** Site parameters that are part of a client, with their names there. */
export const RECORD_NAMES = RFC_NAMES.filter(([, rfcName]) => rfcName in CLIENT_PROPERTIES);

/**
 * Reads a client from a registration response.
 *
 * @throws {OperationError} `no_client_id_returned`
 */
export function clientRecord(response: unknown): ClientRecord {
  const properties = (response ?? {}) as Record<string, unknown>;
  const { client_id } = properties;
  if (!isNonEmptyString(client_id)) {
    throw new OperationError('no_client_id_returned', 'The OpenID Provider returned no client_id.');
  }
  const known = Object.entries(CLIENT_PROPERTIES)
    .map(([name, type]) => [name, type, properties[name]] as const)
    .filter(([, type, value]) => typeof value === type && value !== '');
  return { ...Object.fromEntries(known.map(([name, , value]) => [name, value])), client_id };
}

/** Prefix of the store key of a site; its `oxd_id` follows. */
const SITE_KEY = 'site:';

/**
 * Store key of a site.
 *
 * @throws {OperationError} `bad_request` for an empty id
 */
export function siteKey(oxd_id = ''): string {
  if (oxd_id.trim() === '') throw new OperationError('bad_request', 'oxd_id: must not be empty.');
  return SITE_KEY + oxd_id;
}

/**
 * Reads the record under a {@link siteKey}.
 *
 * @throws {OperationError} `invalid_oxd_id`
 * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE when the store is down or the value is not a site
 */
export async function readSite(store: OxdStore, key: string): Promise<RegisteredSite> {
  const value = await store.get(key);
  if (value === undefined || value === null) {
    throw new OperationError(
      'invalid_oxd_id',
      'oxd_id: there is no such site. Register it with register_site.',
    );
  }
  const record = value as RegisteredSite;
  if (typeof record.client?.client_id !== 'string' || typeof record.op_host !== 'string') {
    throw new OxdStoreError(
      'The value stored for a site is not a site. Another application may use the same keys.',
    );
  }
  return record;
}

/** Post-logout redirect URIs of a site: `post_logout_redirect_uri` first, without duplicates. */
export function logoutUris(site: SiteMetadata): string[] {
  const { post_logout_redirect_uri: first, post_logout_redirect_uris: others = [] } = site;
  return [...new Set(first ? [first, ...others] : others)];
}

/** Redirect URIs of a site: `authorization_redirect_uri` first, without duplicates. */
export function redirectUris(site: SiteMetadata): string[] {
  const { authorization_redirect_uri: first, redirect_uris: others = [] } = site;
  return [...new Set(first === undefined ? others : [first, ...others])];
}
