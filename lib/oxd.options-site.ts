/** What {@link checkSite} is told beside the site. */
export interface SiteSurroundings {
  /** Option `transport`; undefined stands for an instance of the user's own. */
  readonly transport:
    { readonly type?: unknown; readonly allowInsecureRequests?: unknown } | undefined;
  /** Whether `NODE_ENV` is `production`. */
  readonly production: boolean;
}

type Site = Readonly<Record<string, unknown>>;

/** What names a client that exists: the first two go together, the others need them. */
const CLIENT = ['client_id', 'client_secret'];
const EXISTING_CLIENT = [
  ...CLIENT,
  'client_registration_access_token',
  'client_registration_client_uri',
];

const NOT_NEEDED =
  'transport.allowInsecureRequests: leave it out in production, where site.op_host is https';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * What the members of option `site` must be to each other and to what surrounds them, as
 * `path: message`. What each of them must be alone is for the rules.
 */
export function checkSite(site: object, surroundings: SiteSurroundings): string[] {
  const members = site as Site;
  return [
    ...checkClient(members),
    ...checkRedirectUri(members, surroundings),
    ...checkProvider(members, surroundings),
  ];
}

/** Whether this host name can only be this machine. */
function isLoopback(url: string): boolean {
  return LOOPBACK.test(new URL(url).hostname);
}

/** Half a pair would be ignored, and another client registered in its place. */
function checkClient(site: Site): string[] {
  const missing = (name: string): boolean => site[name] === undefined || site[name] === null;
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

function checkProvider({ op_host }: Site, { transport, production }: SiteSurroundings): string[] {
  if (transport?.type !== 'embedded' || !isUrl(op_host)) return [];
  const { allowInsecureRequests } = transport;
  if (!isPlain(op_host)) return production && allowInsecureRequests ? [NOT_NEEDED] : [];
  if (!allowInsecureRequests) {
    return ['site.op_host: is plain http; use https, or set transport.allowInsecureRequests'];
  }
  return production && !isLoopback(op_host)
    ? ['site.op_host: must be https in production unless the host is loopback']
    : [];
}

function isPlain(url: unknown): url is string {
  return isUrl(url) && new URL(url).protocol === 'http:';
}

function isUrl(url: unknown): url is string {
  return typeof url === 'string' && URL.canParse(url);
}
