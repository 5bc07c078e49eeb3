import {
  allowInsecureRequests,
  customFetch,
  discovery,
  None,
  type ServerMetadata,
} from 'openid-client';
import { createRemoteJWKSet, customFetch as josefetch } from 'jose';
import { ExpiringCache, type Lifetime } from '../../base/expiring-cache.js';
import { isIssuerOf } from '../../base/issuer.js';
import { MAX_TIMER_DELAY } from '../../base/limits.js';
import { PUBLIC_KEY_ALGS } from '../../site/client-rules.js';
import { DiscoveryCache } from './discovery-cache.js';
import { withFoundKeys, type ProviderKeys } from './found-keys.js';
import type { ProviderHttp } from '../requests/provider-http.js';
import {
  discoveryUrl,
  issuerMismatch,
  requestFailure,
  type ProviderAddress,
} from './provider-address.js';
import { usableKeys, usableMetadata } from './provider-json.js';
import { statusOf } from '../requests/command-error.js';
import { OperationError } from '../requests/operation-error.js';

/** Discovered metadata of a provider, with its keys. */
export interface Provider {
  readonly metadata: Readonly<ServerMetadata>;
  /** Public keys of the provider, requested at first use and cached as long as the metadata. */
  readonly keys: ProviderKeys;
  /** Asymmetric algorithms that the provider lists; all of them if its discovery has no list. */
  readonly listedAlgs: readonly string[];
  /** Users of verified JWTs by {@link tokenKey}; discarded together with the keys. */
  readonly subjects: ExpiringCache<VerifiedSubject>;
}

/** User of a JWT with a valid signature. */
export interface VerifiedSubject extends Lifetime {
  /** Undefined if the JWT names no user. */
  readonly sub: string | undefined;
}

/** Maximum number of verified subjects of a provider, of a few hundred bytes each. */
const MAX_SUBJECTS = 10_000;

/** Options of {@link Providers}. */
export interface ProvidersOptions {
  readonly http: ProviderHttp;
  readonly clock: () => number;
}

/** Discovered providers of this process. */
export class Providers extends DiscoveryCache<Provider> {
  constructor(private readonly options: ProvidersOptions) {
    super(options.clock);
  }

  /**
   * Returns the provider with metadata and keys newer than those of `stale`, which stay in use until
   * both have been received.
   */
  rediscover(address: ProviderAddress, stale: Provider): Provider | Promise<Provider> {
    return this.replace(address, stale, async () => {
      const provider = await this.discover(address);
      await provider.keys.reload();
      return provider;
    });
  }

  /**
   * @throws {OperationError} `invalid_op_host` or `no_connect_discovery_response`
   * @see OpenID Connect Discovery §4
   */
  protected override async discover(address: ProviderAddress): Promise<Provider> {
    const url = discoveryUrl(address);
    const metadata = await this.download(url).catch((error: unknown) => {
      throw unusable(requestFailure(url.href, statusOf(error)), error);
    });
    if (!isIssuerOf(address, metadata.issuer)) {
      throw unusable(issuerMismatch(address, metadata.issuer));
    }
    return {
      metadata,
      keys: this.keysOf(metadata),
      listedAlgs: listedAlgs(metadata),
      subjects: new ExpiringCache(MAX_SUBJECTS, this.options.clock),
    };
  }

  private async download(url: URL): Promise<ServerMetadata> {
    const { http } = this.options;
    const configuration = await discovery(url, 'discovery', undefined, None(), {
      // ProviderHttp decides about plain http, including that of `transport.addresses`.
      execute: [allowInsecureRequests],
      [customFetch]: (href, init) => http.fetch(href, { ...init, idempotent: true }),
      // ProviderHttp has the time limit; this one, in seconds, cannot be switched off.
      timeout: Math.floor(MAX_TIMER_DELAY / 1000),
    });
    return usableMetadata(configuration.serverMetadata());
  }

  /**
   * Caches the keys as long as the metadata: an unknown key causes a new discovery, not a reload.
   */
  private keysOf({ jwks_uri }: ServerMetadata): Provider['keys'] {
    const { http } = this.options;
    if (!jwks_uri || !URL.canParse(jwks_uri)) {
      throw unusable('The discovery document has no usable jwks_uri.');
    }
    const keys = createRemoteJWKSet(new URL(jwks_uri), {
      cooldownDuration: Infinity,
      cacheMaxAge: Infinity,
      timeoutDuration: MAX_TIMER_DELAY,
      [josefetch]: async (href, init) =>
        usableKeys(await http.fetch(href, { ...init, idempotent: true })),
    });
    return withFoundKeys(keys);
  }
}

function listedAlgs({
  id_token_signing_alg_values_supported: listed = [...PUBLIC_KEY_ALGS],
}: Readonly<ServerMetadata>): readonly string[] {
  return listed.filter((alg) => PUBLIC_KEY_ALGS.includes(alg));
}

function unusable(reason: string, cause?: unknown): OperationError {
  const message = `Discovery at op_host failed. ${reason}`.trim();
  return new OperationError('no_connect_discovery_response', message, cause);
}
