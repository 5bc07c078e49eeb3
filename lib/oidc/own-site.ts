import type { IdTokenClaims } from '../commands/oidc.js';
import { isIssuerOf } from '../base/issuer.js';
import type { SiteOptions } from '../options/oxd.options.js';

/**
 * Returns true when an id_token was issued by the provider and for the client of the options. The
 * transport has already verified the id_token against the stored site; this check does not depend
 * on stored state.
 *
 * The issuer is not compared behind oxd, which may reach its provider under an internal address.
 * The client is not compared with `oxd_id`: `client_id` may then be the client for protection
 * tokens.
 *
 * @see OpenID Connect Core §3.1.3.7
 */
export function isOfOwnSite(
  { iss, aud }: IdTokenClaims,
  site: SiteOptions,
  isOnOxd: boolean,
): boolean {
  const { client_id, oxd_id } = site;
  if (!isOnOxd && !isIssuerOf(site, iss)) return false;
  return client_id === undefined || oxd_id !== undefined || [aud].flat().includes(client_id);
}
