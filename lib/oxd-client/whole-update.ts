import type { SiteOptions } from '../options/oxd.options.js';
import type { UpdateSiteParams } from '../commands/registration.js';

/**
 * Returns the parameters of an update with `redirect_uris` and `grant_types` of the options, unless the
 * parameters contain them. oxd 3.1 sends only the given parameters: a provider that follows RFC 7592
 * rejects a client without redirect URIs, or replaces the client and drops its grant types.
 */
export function wholeUpdate(params: UpdateSiteParams, site: SiteOptions): UpdateSiteParams {
  const { redirect_uris = redirectUris(params, site), grant_types = site.grant_types } = params;
  return { ...params, redirect_uris, ...(grant_types && { grant_types }) };
}

function redirectUris(
  { authorization_redirect_uri: changed }: UpdateSiteParams,
  { authorization_redirect_uri: uri, redirect_uris = uri === undefined ? [] : [uri] }: SiteOptions,
): readonly string[] {
  return changed === undefined ? redirect_uris : [...new Set([changed, ...redirect_uris])];
}
