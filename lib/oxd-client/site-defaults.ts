import { isRest } from '../commands/dialect/https-paths.js';
import type { CommandName, Params } from '../commands/command.js';
import type { OxdVersion } from '../commands/oxd-transport.js';
import type { UpdateSiteParams } from '../commands/registration.js';
import type { SiteOptions } from '../options/oxd.options.js';
import { isOwnClient, withProtectionScope } from './protected-site.js';

/** Site of the application as the commands of one version of oxd complete it. */
export interface SiteContext {
  readonly version: OxdVersion;
  readonly site: SiteOptions;
  /** True if oxd requires protection tokens. */
  readonly isProtected: boolean;
}

type Completion<C extends CommandName> = (params: Params<C>, context: SiteContext) => Params<C>;

/** Commands that {@link withSiteDefaults} completes. */
export const SITE_DEFAULTS: { readonly [C in CommandName]?: Completion<C> } = {
  update_site: wholeUpdate,
  get_logout_uri: withLogoutUri,
};

/**
 * Adds to the parameters of a command for the own site those of the options without which oxd would
 * do something else than embedded.
 */
export function withSiteDefaults<C extends CommandName>(
  command: C,
  params: Params<C>,
  context: SiteContext,
): Params<C> {
  if (context.version === 'contract') return params;
  return SITE_DEFAULTS[command]?.(params, context) ?? params;
}

/**
 * Returns the parameters of an update with `redirect_uris` and `grant_types` of the options, unless the
 * parameters contain them. oxd 3.1 sends only the given parameters: a provider that follows RFC 7592
 * rejects a client without redirect URIs, or replaces the client and drops its grant types. oxd 4 uses
 * the first redirect URI for logins.
 */
function wholeUpdate(params: UpdateSiteParams, context: SiteContext): UpdateSiteParams {
  const { version, site } = context;
  const { redirect_uris = redirectUris(params, site), grant_types = grantTypes(context) } = params;
  const update = { ...params, redirect_uris, ...(grant_types && { grant_types }) };
  return isRest(version) ? withOxd4Values(update, context) : update;
}

function withOxd4Values(update: UpdateSiteParams, context: SiteContext): UpdateSiteParams {
  const { authorization_redirect_uri = context.site.authorization_redirect_uri } = update;
  const whole = {
    ...update,
    ...(authorization_redirect_uri !== undefined && { authorization_redirect_uri }),
  };
  const isScopeNeeded = update.scope && context.isProtected && isOwnClient(context.site);
  return isScopeNeeded ? withProtectionScope(whole) : whole;
}

function redirectUris(
  { authorization_redirect_uri: changed }: UpdateSiteParams,
  { authorization_redirect_uri: uri, redirect_uris = uri === undefined ? [] : [uri] }: SiteOptions,
): readonly string[] {
  return changed === undefined ? redirect_uris : [...new Set([changed, ...redirect_uris])];
}

/** oxd 4.0 and 4.1 forget the grant types of the registration at the first update without them. */
function grantTypes({ version, site }: SiteContext): readonly string[] | undefined {
  const registered = isRest(version) && !site.oxd_id ? ['authorization_code'] : undefined;
  return site.grant_types ?? registered;
}

/** oxd 3.1.4 uses the registered URI. The versions before and after it send none. */
function withLogoutUri(
  params: Params<'get_logout_uri'>,
  { version, site }: SiteContext,
): Params<'get_logout_uri'> {
  const { post_logout_redirect_uri: single, post_logout_redirect_uris: [first] = [] } = site;
  const post_logout_redirect_uri = params.post_logout_redirect_uri ?? single ?? first;
  if (version === '3.1.4' || post_logout_redirect_uri === undefined) return params;
  return { ...params, post_logout_redirect_uri };
}
