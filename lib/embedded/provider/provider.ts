import {
  allowInsecureRequests,
  customFetch,
  discovery,
  None,
  type ServerMetadata,
} from 'openid-client';
import { createRemoteJWKSet, customFetch as josefetch, type JWTVerifyGetKey } from 'jose';
import { DiscoveryCache } from './discovery-cache.js';
import type { ProviderHttp } from '../requests/provider-http.js';
import {
  discoveryUrl,
  isIssuerOf,
  otherIssuer,
  printedUrl,
  type ProviderAddress,
} from './provider-address.js';
import { usableJson, usableKeys, usableMetadata } from './provider-json.js';
import { OperationError } from '../requests/operation-error.js';

/** What discovery told of a provider, with its keys. */
export interface Provider {
  readonly metadata: Readonly<ServerMetadata>;
  /** Its public keys, fetched at first use and kept as long as the metadata. */
  readonly keys: JWTVerifyGetKey;
}

/** Options of {@link Providers}. */
export interface ProvidersOptions {
  readonly http: ProviderHttp;
  readonly clock: () => number;
  /** Limit for a request, in milliseconds. */
  readonly timeout: number;
}

/** The discovered providers of this process. */
export class Providers {
  private readonly discoveries: DiscoveryCache<Provider>;

  constructor(private readonly options: ProvidersOptions) {
    this.discoveries = new DiscoveryCache((address) => this.discover(address), options.clock);
  }

  /**
   * The provider at an address.
   *
   * @throws {OperationError} `invalid_op_host` or `no_connect_discovery_response`
   * @see OpenID Connect Discovery §4
   */
  at(address: ProviderAddress): Promise<Provider> {
    return this.discoveries.at(address);
  }

  /** The provider with new metadata and keys, because those of `stale` do not fit any more. */
  again(address: ProviderAddress, stale: Provider): Promise<Provider> {
    this.discoveries.forget(address, stale);
    return this.at(address);
  }

  private async discover(address: ProviderAddress): Promise<Provider> {
    const url = discoveryUrl(address);
    const metadata = await this.download(url).catch((error: unknown) => {
      throw unusable(`The document was requested from ${printedUrl(url.href)}.`, error);
    });
    if (!isIssuerOf(address, metadata.issuer)) {
      throw unusable(otherIssuer(address, metadata.issuer));
    }
    return { metadata, keys: this.keysOf(metadata) };
  }

  private async download(url: URL): Promise<ServerMetadata> {
    const { http, timeout } = this.options;
    const configuration = await discovery(url, 'discovery', undefined, None(), {
      // OpHttp decides about plain http, also that of `transport.addresses`.
      execute: [allowInsecureRequests],
      [customFetch]: usableJson((href, init) => http.fetch(href, { ...init, idempotent: true })),
      // OpHttp has the time limit; this one, in whole seconds, must not come before it.
      timeout: Math.ceil(timeout / 1000) + 1,
    });
    return usableMetadata(configuration.serverMetadata());
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
      [josefetch]: async (href, init) =>
        usableKeys(await http.fetch(href, { ...init, idempotent: true })),
    });
  }
}

function unusable(reason: string, cause?: unknown): OperationError {
  const message = `Discovery at op_host failed. ${reason}`.trim();
  return new OperationError('no_connect_discovery_response', message, cause);
}
