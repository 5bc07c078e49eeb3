import { CLIENT_PARAMETERS } from './client-parameters.js';
import { SITE_ROWS, type SiteMetadata } from './site-parameters.js';

/** Pairs of a site parameter and its name at the provider, without parameters that have none. */
export const RFC_NAMES = SITE_ROWS.flatMap(([name, { rfcName = name }]) =>
  rfcName === false ? [] : [[name, rfcName] as const],
);

const RESERVED = new Set([
  ...RFC_NAMES.map(([, rfcName]) => rfcName),
  ...Object.keys(CLIENT_PARAMETERS),
]);

/**
 * Returns the parameters of a site under their names in a registration request.
 *
 * @see RFC 7591 §2, OpenID Connect Registration §2
 */
export function withRfcNames(site: SiteMetadata): Record<string, unknown> {
  return Object.fromEntries(RFC_NAMES.map(([name, rfcName]) => [rfcName, site[name]]));
}

/** Returns true for a name under which a site parameter is sent to the provider. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name);
}
