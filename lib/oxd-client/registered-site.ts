import { createHash } from 'node:crypto';
import { withoutSlash } from '../base/issuer.js';
import type { SiteOptions } from '../options/oxd.options.js';
import { SITE_ROWS } from '../site/site-parameters.js';
import type { UpdateSiteParams } from '../commands/registration.js';
import type { SetupClient } from './protection-token.js';

/** Site for which commands are sent. */
export interface Site {
  readonly oxd_id: string;
  /**
   * Client that obtains protection tokens, in oxd 4 that of the site; undefined if oxd requires none.
   */
  readonly setup?: SetupClient;
}

/** Registered site as persisted in the store. */
export interface RegisteredSite extends Site {
  /** Hash of each option at registration or update, to detect changed options. */
  readonly members: Readonly<Record<string, string>>;
}

/** Options that `update_site` can change. */
const CHANGEABLE = SITE_ROWS.map(([name]) => name);

/** Registrar of a site: embedded and oxd-server do not share registrations. */
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
  return `${withoutSlash(op_host)}${op_discovery_path}${op_configuration_endpoint}`;
}

/** Returns the hash of each option of a site. */
export function optionHashes(site: SiteOptions): Record<string, string> {
  return Object.fromEntries(Object.entries(site).map(([name, value]) => [name, hash(value)]));
}

/** Returns the names of the options that changed since the record was written. */
export function changedOptions(record: RegisteredSite, site: SiteOptions): string[] {
  const before = record.members;
  const current = optionHashes(site);
  const names = new Set([...Object.keys(before), ...Object.keys(current)]);
  return [...names].filter((name) => before[name] !== current[name]);
}

/**
 * Returns the parameters that update a registration, with the names of removed options. They always
 * contain `redirect_uris`, because oxd 3.x sends `authorization_redirect_uri` only together with it.
 */
export function updateParams(record: RegisteredSite, site: SiteOptions): UpdateSiteParams {
  const { authorization_redirect_uri: uri, redirect_uris = uri && [uri] } = site;
  const options = { ...site, redirect_uris };
  const params = CHANGEABLE.map((name) => [name, options[name]]);
  const remove = CHANGEABLE.filter((name) => name in record.members && options[name] === undefined);
  return { ...Object.fromEntries(params), ...(remove.length > 0 && { remove }) };
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
}
