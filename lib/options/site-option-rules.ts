import { CLIENT_DETAILS } from '../site/client-rules.js';
import { isLoopback, originOf } from '../base/network-rules.js';
import { siteProblems } from '../site/site-rules.js';

/** What {@link checkSite} is told beside the site. */
export interface SiteSurroundings {
  /** Option `transport`; undefined stands for an instance of the user's own. */
  readonly transport: SiteTransport | undefined;
  /** Whether `NODE_ENV` is `production`. */
  readonly production: boolean;
  /** What was found in the options already, as `path: message`. */
  readonly found: readonly string[];
}

/** The properties of option `transport` that concern the site. */
export interface SiteTransport {
  readonly type?: unknown;
  readonly allowInsecureRequests?: unknown;
  readonly proxy?: unknown;
  readonly addresses?: unknown;
}

type Site = Readonly<Record<string, unknown>>;

/** What names a client that exists: the first two go together, the others need them. */
const CLIENT = ['client_id', 'client_secret'];
const EXISTING_CLIENT = [
  ...CLIENT,
  'client_registration_access_token',
  'client_registration_client_uri',
];

/** What only oxd 4.x can do: the embedded transport refuses it. */
const OXD_ALONE = Object.entries(CLIENT_DETAILS)
  .filter(([, kind]) => kind === 'oxd')
  .map(([name]) => name);

const NOT_NEEDED =
  'transport.allowInsecureRequests: leave it out in production, where site.op_host is https';

/**
 * What the members of option `site` must be to each other and to what surrounds them, as
 * `path: message`. What each of them must be alone is for the rules.
 */
export function checkSite(site: object, surroundings: SiteSurroundings): string[] {
  const members = site as Site;
  return [
    ...checkClient(members),
    ...checkRedirectUri(members, surroundings),
    ...checkHost(members),
    ...checkProvider(members, surroundings),
    ...checkAddresses(surroundings),
    ...checkDiscovery(members, surroundings),
    ...checkAbilities(members, surroundings),
    ...checkRegistration(members, surroundings),
  ];
}

/** Half a pair would be ignored, and another client registered in its place. */
function checkClient(site: Site): string[] {
  const missing = (name: string): boolean => !isGiven(site, name);
  if (EXISTING_CLIENT.every(missing)) return [];
  return CLIENT.filter(missing).map(
    (name) => `site.${name}: is missing; client_id and client_secret go together, set both`,
  );
}

function checkRedirectUri(
  { authorization_redirect_uri: uri }: Site,
  { production }: SiteSurroundings,
): string[] {
  const exposed = production && isPlain(uri) && !isLoopback(uri);
  return exposed ? ['site.authorization_redirect_uri: must be https in production'] : [];
}

function checkProvider(site: Site, surroundings: SiteSurroundings): string[] {
  const { transport, production } = surroundings;
  if (transport?.type !== 'embedded') return [];
  const urls = ['op_host', 'op_configuration_endpoint'].filter((name) => isUrl(site[name]));
  const plain = urls.filter((name) => isPlain(site[name]));
  const { allowInsecureRequests, addresses } = transport;
  const isUnused =
    urls.length > 0 && plain.length === 0 && !dialledOrigins(addresses).some(isPlain);
  const idle = production && allowInsecureRequests && isUnused;
  return [
    ...(idle ? [NOT_NEEDED] : []),
    ...plain.flatMap((name) => checkPlain(name, String(site[name]), surroundings)),
  ];
}

function checkPlain(
  name: string,
  url: string,
  { transport, production }: SiteSurroundings,
): string[] {
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

/** A public origin on plain http would be accepted in place of https. */
function checkAddresses({ transport, production }: SiteSurroundings): string[] {
  if (transport?.type !== 'embedded' || !production) return [];
  const isExposed = (origin: string): boolean => isPlain(origin) && !isLoopback(origin);
  return Object.keys(entriesOf(transport.addresses)).some(isExposed)
    ? ['transport.addresses: must be for https origins in production']
    : [];
}

function dialledOrigins(addresses: unknown): (string | undefined)[] {
  return Object.values(entriesOf(addresses)).map(originOf);
}

function entriesOf(addresses: unknown): Readonly<Record<string, unknown>> {
  return typeof addresses === 'object' && addresses !== null ? { ...addresses } : {};
}

/** The path of the discovery document would become a part of the query. */
function checkHost({ op_host: host }: Site): string[] {
  return isUrl(host) && /[?#]/.test(host)
    ? ['site.op_host: must have no query; name the document in op_configuration_endpoint']
    : [];
}

/** What would lead to another provider than the one that is meant. */
function checkDiscovery(site: Site, { transport }: SiteSurroundings): string[] {
  if (!isGiven(site, 'op_configuration_endpoint')) return [];
  const isSocket = transport?.type === 'socket';
  return [
    ...(isSocket ? ['site.op_configuration_endpoint: is not known to oxd 3.x, leave it out'] : []),
    ...(isGiven(site, 'op_discovery_path')
      ? ['site.op_discovery_path: leave it out beside op_configuration_endpoint']
      : []),
  ];
}

/** What an oxd-server would do and the embedded transport refuses at every registration. */
function checkAbilities(site: Site, { transport }: SiteSurroundings): string[] {
  if (transport?.type !== 'embedded') return [];
  return OXD_ALONE.filter((name) => isGiven(site, name)).map(
    (name) => `site.${name}: is for oxd-server alone, the embedded transport cannot do it`,
  );
}

/** What the embedded transport refuses, of the members that are what they must be alone. */
function checkRegistration(site: Site, { transport, found }: SiteSurroundings): string[] {
  if (transport?.type !== 'embedded' || found.some((issue) => issue.startsWith('site:'))) return [];
  const isGood = (name: string): boolean =>
    !found.some((issue) => issue.startsWith(`site.${name}:`));
  const good = Object.entries(site).filter(([name]) => isGiven(site, name) && isGood(name));
  return siteProblems(Object.fromEntries(good))
    .filter(({ param }) => isGood(param))
    .map(({ param, message }) => `site.${param}: ${message}`);
}

function isGiven(site: Site, name: string): boolean {
  return site[name] !== undefined && site[name] !== null;
}

function isPlain(url: unknown): url is string {
  return isUrl(url) && new URL(url).protocol === 'http:';
}

function isUrl(url: unknown): url is string {
  return typeof url === 'string' && URL.canParse(url);
}
