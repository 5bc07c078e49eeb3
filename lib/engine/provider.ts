import {
  allowInsecureRequests,
  customFetch,
  discovery,
  None,
  type ServerMetadata,
} from 'openid-client';
import { createRemoteJWKSet, customFetch as josefetch, type JWTVerifyGetKey } from 'jose';
import { SingleFlight } from '../single-flight.js';
import { Refusal } from './refusal.js';
import type { OpHttp } from './op-http.js';

/** Where a provider is found. */
export interface ProviderAddress {
  /** Its URL. */
  readonly op_host: string;
  /** Path between `op_host` and the discovery document. */
  readonly op_discovery_path?: string;
  /** URL of the discovery document itself, instead of both. */
  readonly op_configuration_endpoint?: string;
}

/** What discovery told of a provider, with its keys. */
export interface Provider {
  readonly metadata: Readonly<ServerMetadata>;
  /** Its public keys, fetched at first use and kept as long as the metadata. */
  readonly keys: JWTVerifyGetKey;
  /** When it is to be discovered again; milliseconds since 1970. */
  readonly staleAt: number;
}

/** Options of {@link Providers}. */
export interface ProvidersOptions {
  readonly http: OpHttp;
  readonly clock: () => number;
  readonly allowInsecureRequests: boolean;
  /** Limit for a request, in milliseconds. */
  readonly timeout: number;
}

/** No fragment; a query belongs to every document below `/.well-known/`. */
const CONFIGURATION = /^(https?:[^?#]*)\/\.well-known\/openid-configuration(\/?(?:\?[^#]*)?)$/;

/** How long metadata and keys are believed, in milliseconds. */
const LIFETIME = 600_000;

/** The discovered providers of this process: one discovery at a time for each, failures not kept. */
export class Providers {
  private readonly known = new Map<string, Provider>();
  private readonly flights = new SingleFlight<Provider>();

  constructor(private readonly options: ProvidersOptions) {}

  /**
   * The provider at an address.
   *
   * @throws {Refusal} `invalid_op_host` or `no_connect_discovery_response`
   * @see OpenID Connect Discovery §4
   */
  async at(address: ProviderAddress): Promise<Provider> {
    const url = discoveryUrl(address);
    const known = this.known.get(url.href);
    const isFresh = known && this.options.clock() < known.staleAt;
    const provider = isFresh ? known : await this.flights.run(url.href, () => this.discover(url));
    // Several addresses may lead to one document.
    if (isIssuerOf(address, provider.metadata.issuer)) return provider;
    this.known.delete(url.href);
    throw unusable('The issuer that it names is another one: set op_host to the issuer.');
  }

  /** The provider with new metadata and keys, because those of `stale` do not fit any more. */
  async again(address: ProviderAddress, stale: Provider): Promise<Provider> {
    const { href } = discoveryUrl(address);
    if (this.known.get(href) === stale) this.known.delete(href);
    return this.at(address);
  }

  private async discover(url: URL): Promise<Provider> {
    const metadata = await this.download(url).catch((error: unknown) => {
      throw unusable('', error);
    });
    const provider = {
      metadata,
      keys: this.keysOf(metadata),
      staleAt: this.options.clock() + LIFETIME,
    };
    this.known.set(url.href, provider);
    return provider;
  }

  private async download(url: URL): Promise<ServerMetadata> {
    const { http, timeout } = this.options;
    const configuration = await discovery(url, 'discovery', undefined, None(), {
      execute: this.options.allowInsecureRequests ? [allowInsecureRequests] : [],
      [customFetch]: (href, init) => http.fetch(href, init),
      // OpHttp has the time limit; this one, in whole seconds, must not come before it.
      timeout: Math.ceil(timeout / 1000) + 1,
    });
    return configuration.serverMetadata();
  }

  /** Kept for the life of the metadata: an unknown key leads to a new discovery, not to a reload. */
  private keysOf({ jwks_uri }: ServerMetadata): JWTVerifyGetKey {
    const { http, timeout } = this.options;
    if (!jwks_uri || !URL.canParse(jwks_uri)) {
      throw unusable('Its discovery document has no jwks_uri.');
    }
    return createRemoteJWKSet(new URL(jwks_uri), {
      cooldownDuration: Infinity,
      cacheMaxAge: Infinity,
      timeoutDuration: 2 * timeout,
      [josefetch]: (href, init) => http.fetch(href, init),
    });
  }
}

/**
 * Where a provider keeps a discovery document.
 *
 * @param document its name below `/.well-known/`
 * @throws {Refusal} `invalid_op_host`, `invalid_op_configuration_endpoint`, or `bad_request` for the
 *   path
 */
export function discoveryUrl(address: ProviderAddress, document = 'openid-configuration'): URL {
  const { op_host, op_configuration_endpoint: endpoint } = address;
  const host = URL.canParse(op_host) ? new URL(op_host) : undefined;
  if (!host || !/^https?:$/.test(host.protocol) || /[?#]/.test(op_host)) {
    throw new Refusal('invalid_op_host', 'op_host: must be the absolute URL of the provider.');
  }
  const path = checkedPath(address);
  const [before, after] =
    endpoint === undefined ? [trimmed(`${trimmed(op_host)}${path}`), ''] : partsOf(endpoint);
  return new URL(`${before}/.well-known/${document}${after}`);
}

function checkedPath({ op_discovery_path: path = '', op_configuration_endpoint }: ProviderAddress) {
  if (path !== '' && op_configuration_endpoint !== undefined) {
    const message = 'op_discovery_path: must be left out beside op_configuration_endpoint.';
    throw new Refusal('bad_request', message);
  }
  if (path === '' || /^\/[^?#]*$/.test(path)) return path;
  throw new Refusal('bad_request', 'op_discovery_path: must begin with "/" and be a path.');
}

/** What is before and after the name of the discovery document. */
function partsOf(endpoint: string): [before: string, after: string] {
  const [, before, after = ''] = CONFIGURATION.exec(endpoint) ?? [];
  if (before !== undefined && URL.canParse(endpoint)) return [before, after];
  throw new Refusal(
    'invalid_op_configuration_endpoint',
    'op_configuration_endpoint: must be an absolute URL that ends in /.well-known/openid-configuration.',
  );
}

/**
 * Whether a discovery document's issuer is the one at an address, but for one slash at the end. With
 * a discovery path it may be the host alone (Gluu) or host and path (Keycloak), with a configuration
 * endpoint the host or what the endpoint begins with.
 */
export function isIssuerOf(
  { op_host, op_discovery_path = '', op_configuration_endpoint }: ProviderAddress,
  issuer: string,
): boolean {
  const endpoint = op_configuration_endpoint ? [partsOf(op_configuration_endpoint)[0]] : [];
  const expected = [op_host, `${trimmed(op_host)}${op_discovery_path}`, ...endpoint].map(
    normalised,
  );
  return expected.includes(normalised(issuer));
}

/** Two URLs are the same where they differ in nothing but one slash at the end. */
export function isSameUrl(one: string, other: string): boolean {
  return normalised(one) === normalised(other);
}

function normalised(url: string): string {
  return trimmed(URL.canParse(url) ? new URL(url).href : url);
}

function trimmed(url: string): string {
  return url.replace(/\/$/, '');
}

function unusable(reason: string, cause?: unknown): Refusal {
  const message = `Discovery at op_host failed. ${reason}`.trim();
  return new Refusal('no_connect_discovery_response', message, cause);
}
