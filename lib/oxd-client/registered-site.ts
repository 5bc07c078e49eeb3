import { createHash } from 'node:crypto';
import type { SiteOptions } from '../options/oxd.options.js';
import type { ClientMetadata } from '../site/client-metadata.js';
import { CLIENT_METADATA } from '../commands/dialect/client-parameters.js';
import type { UpdateSiteParams } from '../commands/registration.js';
import type { SetupClient } from './protection-token.js';

/** A site as the client half knows it. */
export interface Site {
  readonly oxd_id: string;
  /** Where commands are protected: the client that obtains tokens for them. */
  readonly setup?: SetupClient;
}

/** A registered site as it is kept in the store. */
export interface RegisteredSite extends Site {
  /** A hash of each member of the options it was registered with: tells later which changed. */
  readonly members: Readonly<Record<string, string>>;
}

/** Members of the options that `update_site` can change. */
const CHANGEABLE = [
  ...(Object.keys(CLIENT_METADATA) as (keyof ClientMetadata)[]),
  'authorization_redirect_uri',
  'redirect_uris',
  'post_logout_redirect_uri',
  'post_logout_redirect_uris',
  'response_types',
  'grant_types',
  'scope',
  'acr_values',
  'client_name',
  'client_jwks_uri',
  'client_token_endpoint_auth_method',
  'client_token_endpoint_auth_signing_alg',
  'client_request_uris',
  'client_frontchannel_logout_uris',
  'client_sector_identifier_uri',
  'contacts',
  'ui_locales',
  'claims_locales',
  'claims_redirect_uri',
] as const satisfies readonly (keyof UpdateSiteParams)[];

/** Transport side of a site: a registration of oxd-server is unknown to the embedded engine. */
export type Side = 'embedded' | 'oxd';

/**
 * Name of a site in the keys of the store: one redirect URI, client name and client at one provider.
 * Applications that share a given client and a store must not replace each other's site.
 */
export function siteName(site: SiteOptions, side: Side): string {
  const { authorization_redirect_uri, client_name, client_id, oxd_id } = site;
  if (oxd_id) return oxd_id;
  return hash([side, providerOf(site), authorization_redirect_uri, client_name, client_id]);
}

/**
 * Name of the owner of a site's resources in the keys of the store: a given client, whatever else is
 * configured, otherwise the site. Changed options of a given client must not lose its resources.
 */
export function resourceOwnerName(site: SiteOptions, side: Side): string {
  const { client_id, oxd_id } = site;
  if (oxd_id || !client_id) return siteName(site, side);
  return hash([side, providerOf(site), 'client', client_id]);
}

function providerOf(site: SiteOptions): string {
  const { op_host, op_discovery_path = '', op_configuration_endpoint = '' } = site;
  const host = op_host.endsWith('/') ? op_host.slice(0, -1) : op_host;
  return `${host}${op_discovery_path}${op_configuration_endpoint}`;
}

/** What {@link changedMembers} compares. */
export function memberHashes(site: SiteOptions): Record<string, string> {
  return Object.fromEntries(Object.entries(site).map(([name, value]) => [name, hash(value)]));
}

/** Names of the members that differ from those the record was made with. */
export function changedMembers(record: RegisteredSite, site: SiteOptions): string[] {
  const before = record.members;
  const now = memberHashes(site);
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].filter((name) => before[name] !== now[name]);
}

/**
 * The params that bring a registration up to date, with the names of what the options no longer
 * have. `redirect_uris` always goes along: oxd 3.x sends `authorization_redirect_uri` only together
 * with it.
 */
export function updateParams(record: RegisteredSite, site: SiteOptions): UpdateSiteParams {
  const { authorization_redirect_uri, redirect_uris = [authorization_redirect_uri] } = site;
  const named = { ...site, redirect_uris };
  const members = CHANGEABLE.map((name) => [name, named[name]]);
  const remove = CHANGEABLE.filter((name) => name in record.members && named[name] === undefined);
  return { ...Object.fromEntries(members), ...(remove.length > 0 && { remove }) };
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
}
