/** Site parameters that locate a provider. */
export interface ProviderLocation {
  readonly op_host: string;
  /** Path between `op_host` and the discovery document. */
  readonly op_discovery_path?: string;
  /** URL of the discovery document, instead of a path. */
  readonly op_configuration_endpoint?: string;
}

const DISCOVERY = '/.well-known/openid-configuration';

/**
 * Returns true when `issuer` may be the issuer of the provider at an address; one slash at the end
 * is ignored. With a discovery path the issuer is the host (Gluu) or host and path (Keycloak), with a
 * configuration endpoint the host or the URL before `/.well-known/`.
 *
 * @see OpenID Connect Discovery §4.3
 */
export function isIssuerOf(address: ProviderLocation, issuer: string): boolean {
  const { op_host, op_discovery_path: path = '', op_configuration_endpoint: endpoint } = address;
  const issuers = [op_host];
  if (path !== '') issuers.push(`${withoutSlash(op_host)}/${path.replace(/^\//, '')}`);
  const end = endpoint?.lastIndexOf(DISCOVERY) ?? -1;
  if (endpoint !== undefined && end !== -1) issuers.push(endpoint.slice(0, end));
  return issuers.some((candidate) => isSameUrl(candidate, issuer));
}

/** Returns the URL below which clients find the discovery document: that of the issuer, for most providers. */
export function providerUrl(address: ProviderLocation): string {
  const { op_host, op_discovery_path: path, op_configuration_endpoint: endpoint } = address;
  const [configured] = endpoint?.split('/.well-known/') ?? [];
  return configured ?? (path ? `${withoutSlash(op_host)}/${path.replace(/^\//, '')}` : op_host);
}

/** Returns true when two URLs are equal; one slash at the end is ignored. */
export function isSameUrl(first: string, second: string): boolean {
  return first === second || normalised(first) === normalised(second);
}

function normalised(url: string): string {
  return withoutSlash(URL.canParse(url) ? new URL(url).href : url);
}

/** Removes one slash at the end of a URL. */
export function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}
