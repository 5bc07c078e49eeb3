import { SITE_ROWS } from '../site/site-parameters.js';
import { isLoopback, originOf } from '../base/network-rules.js';
import { RELEASES, within } from '../base/oxd-releases.js';
import { hasPrivateScheme } from '../site/redirect-uris.js';
import { siteProblems } from '../site/site-rules.js';

/** Context of the site for {@link checkSite}. */
export interface SiteContext {
  /** Option `transport`; undefined for an instance of a custom transport. */
  readonly transport: SiteTransport | undefined;
  /** True if oxd executes the commands, also for an instance of a custom transport. */
  readonly isOxd: boolean;
  /** True if `NODE_ENV` is `production`. */
  readonly production: boolean;
  /** True if option `baseUrl` is set. */
  readonly hasBaseUrl: boolean;
  /** Issues of the options found so far, as `path: message`. */
  readonly issues: readonly string[];
}

/** Properties of option `transport` that concern the site. */
export interface SiteTransport {
  readonly type?: unknown;
  readonly version?: unknown;
  readonly allowInsecureRequests?: unknown;
  readonly proxy?: unknown;
  readonly addresses?: unknown;
}

type Site = Readonly<Record<string, unknown>>;

const CLIENT_CREDENTIALS = ['client_id', 'client_secret'];

/** Options of a client that exists at the provider; each of them needs both credentials. */
const EXISTING_CLIENT = [
  ...CLIENT_CREDENTIALS,
  'client_registration_access_token',
  'client_registration_client_uri',
];

/** Parameters that only oxd 4.x supports; the embedded transport rejects them. */
const OXD_ONLY = SITE_ROWS.filter(([, { embedded }]) => embedded === false).map(([name]) => name);

const NOT_NEEDED =
  'transport.allowInsecureRequests: is not needed, because site.op_host is https; remove it';

/**
 * Returns the problems of option `site` that concern more than one option, as `path: message`. The
 * rules of class-validator check each option separately.
 */
export function checkSite(site: object, context: SiteContext): string[] {
  const options = site as Site;
  return [
    ...checkClient(options, context),
    ...checkLogin(options, context),
    ...checkRedirectUri(options, context),
    ...checkNative(options, context),
    ...checkHost(options),
    ...checkProvider(options, context),
    ...checkAddresses(context),
    ...checkDiscovery(options, context),
    ...checkOxdOnly(options, context),
    ...checkRegistration(options, context),
  ];
}

/** With only one of the two, the module would register another client instead. */
function checkClient(site: Site, { transport }: SiteContext): string[] {
  const missing = (name: string): boolean => !isSet(site, name);
  if (EXISTING_CLIENT.every(missing)) return [];
  // oxd has no public clients: with the id only, 3.1 registers another client, and 4 fails.
  const isOxd = transport?.type === 'socket' || transport?.type === 'https';
  const isPublic = !isOxd && site.client_token_endpoint_auth_method === 'none';
  const needed = isPublic ? CLIENT_CREDENTIALS.slice(0, 1) : CLIENT_CREDENTIALS;
  return needed
    .filter(missing)
    .map((name) => `site.${name}: is missing; client_id and client_secret go together, set both`);
}

/** Requires a redirect URI, unless the site of an API without login needs none. */
function checkLogin(site: Site, { transport, hasBaseUrl, issues }: SiteContext): string[] {
  const isSite = !issues.some((issue) => issue.startsWith('site:'));
  if (isSet(site, 'authorization_redirect_uri') || !isSite) return [];
  const isApi = transport?.type === 'embedded' && hasBaseUrl && isSet(site, 'client_id');
  return isApi ? [] : [NO_REDIRECT_URI];
}

const NO_REDIRECT_URI =
  'site.authorization_redirect_uri: is missing; without a login, embedded needs baseUrl and ' +
  'site.client_id instead';

function checkRedirectUri(
  { authorization_redirect_uri: uri, redirect_uris: others }: Site,
  { production }: SiteContext,
): string[] {
  const isExposed = production && isPlain(uri) && !isLoopback(uri);
  const uris = { authorization_redirect_uri: [uri], redirect_uris: [others].flat() };
  const withUser = Object.entries(uris).filter(([, list]) => list.some(hasUser));
  return [
    ...(isExposed ? ['site.authorization_redirect_uri: must be https in production'] : []),
    ...withUser.map(([name]) => `site.${name}: must have no user name and password`),
  ];
}

/** Rejects a native client on oxd, and a login that would end at no address. */
function checkNative(
  { application_type: type, authorization_redirect_uri: uri }: Site,
  { isOxd, hasBaseUrl }: SiteContext,
): string[] {
  if (type !== 'native') return [];
  if (isOxd) return [NATIVE_ON_OXD];
  const isPrivate = typeof uri === 'string' && hasPrivateScheme(uri);
  return isPrivate && !hasBaseUrl ? [NO_ORIGIN] : [];
}

const NATIVE_ON_OXD =
  'site.application_type: must be web on oxd, which registers every client as web; use the embedded ' +
  'transport for a native client';

const NO_ORIGIN =
  'baseUrl: is missing; a redirect URI with a private scheme has no origin, so that a login would ' +
  'return to no address';

/** @see RFC 3986 §3.2.1 */
function hasUser(url: unknown): boolean {
  if (!isUrl(url)) return false;
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

function checkProvider(site: Site, context: SiteContext): string[] {
  const { transport, production } = context;
  if (transport?.type !== 'embedded') return [];
  const urls = ['op_host', 'op_configuration_endpoint'].filter((name) => isUrl(site[name]));
  const plain = urls.filter((name) => isPlain(site[name]));
  const { allowInsecureRequests, addresses } = transport;
  const isUnused =
    urls.length > 0 && plain.length === 0 && !dialledOrigins(addresses).some(isPlain);
  const isSuperfluous = production && allowInsecureRequests && isUnused;
  return [
    ...(isSuperfluous ? [NOT_NEEDED] : []),
    ...plain.flatMap((name) => checkPlain(name, String(site[name]), context)),
  ];
}

function checkPlain(name: string, url: string, { transport, production }: SiteContext): string[] {
  const isDialled = dialledOrigins(transport?.addresses).includes(new URL(url).origin);
  if (isDialled && name !== 'op_host') return [];
  if (!transport?.allowInsecureRequests) {
    return [`site.${name}: is plain http; use https, or set transport.allowInsecureRequests`];
  }
  if (!production) return [];
  if (!isLoopback(url)) {
    return [`site.${name}: must be https in production unless the host is loopback`];
  }
  return isUrl(transport.proxy) && !isLoopback(transport.proxy)
    ? [`site.${name}: must be https in production with transport.proxy; or set proxy to false`]
    : [];
}

/** Rejects public origins on plain http: they would be accepted instead of https. */
function checkAddresses({ transport, production }: SiteContext): string[] {
  if (transport?.type !== 'embedded' || !production) return [];
  const isExposed = (origin: string): boolean => isPlain(origin) && !isLoopback(origin);
  return Object.keys(entriesOf(transport.addresses)).some(isExposed)
    ? ['transport.addresses: must map https origins only in production']
    : [];
}

function dialledOrigins(addresses: unknown): (string | undefined)[] {
  return Object.values(entriesOf(addresses)).map(originOf);
}

function entriesOf(addresses: unknown): Readonly<Record<string, unknown>> {
  return typeof addresses === 'object' && addresses !== null ? { ...addresses } : {};
}

/** Rejects a query: the path of the discovery document would be appended to it. */
function checkHost({ op_host: host }: Site): string[] {
  return isUrl(host) && /[?#]/.test(host)
    ? ['site.op_host: must have no query; set op_configuration_endpoint instead']
    : [];
}

/** Rejects a location of discovery that would be ignored. */
function checkDiscovery(site: Site, { transport }: SiteContext): string[] {
  if (!isSet(site, 'op_configuration_endpoint')) return [];
  return [
    ...(ignoresConfigurationEndpoint(transport) ? [NO_CONFIGURATION_ENDPOINT] : []),
    ...(isSet(site, 'op_discovery_path')
      ? [
          'site.op_discovery_path: must not be set with op_configuration_endpoint; remove one of them',
        ]
      : []),
  ];
}

function ignoresConfigurationEndpoint(transport: SiteTransport | undefined): boolean {
  if (transport?.type === 'socket') return true;
  const release = RELEASES.find((one) => one === transport?.version);
  return transport?.type === 'https' && release !== undefined && within(release, BEFORE_4_2);
}

const BEFORE_4_2 = { until: '4.1' } as const;

const NO_CONFIGURATION_ENDPOINT =
  'site.op_configuration_endpoint: is not supported by oxd before 4.2; remove it';

function checkOxdOnly(site: Site, { transport }: SiteContext): string[] {
  if (transport?.type !== 'embedded') return [];
  return OXD_ONLY.filter((name) => isSet(site, name)).map(
    (name) => `site.${name}: is supported by oxd-server only, not by the embedded transport`,
  );
}

/** Returns the reasons for which the embedded transport would reject the options valid so far. */
function checkRegistration(site: Site, { transport, issues }: SiteContext): string[] {
  if (transport?.type !== 'embedded' || issues.some((issue) => issue.startsWith('site:'))) {
    return [];
  }
  const isValid = (name: string): boolean =>
    !issues.some((issue) => issue.startsWith(`site.${name}:`));
  const valid = Object.entries(site).filter(([name]) => isSet(site, name) && isValid(name));
  return siteProblems(Object.fromEntries(valid))
    .filter(({ param }) => isSet(site, param) && isValid(param))
    .map(({ param, message }) => `site.${param}: ${message}`);
}

function isSet(site: Site, name: string): boolean {
  return site[name] !== undefined && site[name] !== null;
}

function isPlain(url: unknown): url is string {
  return isUrl(url) && new URL(url).protocol === 'http:';
}

function isUrl(url: unknown): url is string {
  return typeof url === 'string' && URL.canParse(url);
}
