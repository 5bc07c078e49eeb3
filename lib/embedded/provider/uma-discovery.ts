import { isIssuerOf } from '../../base/issuer.js';
import { DiscoveryCache } from './discovery-cache.js';
import { statusOf } from '../requests/command-error.js';
import { ProviderRequestError, type ProviderHttp } from '../requests/provider-http.js';
import type { Provider, Providers } from './provider.js';
import {
  discoveryUrl,
  issuerMismatch,
  requestFailure,
  type ProviderAddress,
} from './provider-address.js';
import { ProviderResponseError, OperationError } from '../requests/operation-error.js';
import { parseJson, objectOf, stringsOf, type JsonObject } from '../../base/json.js';

/** Discovered metadata of an authorization server. Every endpoint is an absolute URL. */
export interface UmaServer {
  /** Identifier of the authorization server; the `as_uri` of challenges. */
  readonly issuer: string;
  readonly token_endpoint: string;
  readonly permission_endpoint: string;
  readonly resource_registration_endpoint: string;
  readonly introspection_endpoint: string;
  readonly jwks_uri: string;
  /** URL to redirect requesting parties to for claims gathering (UMA 2.0 Grant §3.3.2). */
  readonly claims_interaction_endpoint?: string;
  readonly grant_types_supported?: readonly string[];
  readonly scopes_supported?: readonly string[];
  /** The complete discovery document. */
  readonly metadata: JsonObject;
}

/** Returns true for Keycloak, recognized by a property that only its discovery document has. */
export function isKeycloak({ metadata }: Pick<UmaServer, 'metadata'>): boolean {
  return typeof metadata.policy_endpoint === 'string';
}

/** Returns true for Gluu and Janssen, recognized by a property that only their documents have. */
export function isGluu({ metadata }: Pick<UmaServer, 'metadata'>): boolean {
  return typeof metadata.scope_endpoint === 'string';
}

/** Options of {@link UmaServers}. */
export interface UmaServersOptions {
  readonly http: ProviderHttp;
  readonly providers: Providers;
  readonly clock: () => number;
}

/** Discovered authorization servers of this process. */
export class UmaServers extends DiscoveryCache<UmaServer> {
  constructor(private readonly options: UmaServersOptions) {
    super(options.clock);
  }

  /**
   * Like {@link at}, but returns undefined if the server has no UMA discovery document.
   *
   * @throws {OperationError} if the server does not respond, or only with a 5xx status
   */
  async find(address: ProviderAddress): Promise<UmaServer | undefined> {
    try {
      return await this.at(address);
    } catch (error) {
      if (isOutage(error)) throw error;
      return undefined;
    }
  }

  /**
   * @throws {OperationError} `invalid_op_host` or `no_uma_discovery_response`
   * @see UMA 2.0 Grant §2, UMA Federated Authorization §2
   */
  protected override async discover(address: ProviderAddress): Promise<UmaServer> {
    const { href } = discoveryUrl(address, 'uma2-configuration');
    const metadata = await this.download(href).catch((error: unknown) => {
      throw unusable(requestFailure(href, statusOf(error)), error);
    });
    const { issuer } = metadata;
    if (!isPrintableUrl(issuer) || !isIssuerOf(address, issuer)) {
      throw unusable(issuerMismatch(address, typeof issuer === 'string' ? issuer : ''));
    }
    return this.serverOf(issuer, metadata, await this.missing(metadata, address));
  }

  private async download(href: string): Promise<JsonObject> {
    const headers = { accept: 'application/json' };
    const request = { method: 'GET', headers, idempotent: true } as const;
    const { status, text } = await this.options.http.send(href, request);
    if (status !== 200) throw new ProviderResponseError(status);
    const document = objectOf(parseJson(text));
    if (document) return document;
    throw new OperationError('no_uma_discovery_response', 'The document is not a JSON object.');
  }

  /**
   * Returns endpoints of OpenID discovery that the UMA document of some Gluu and Keycloak versions
   * lacks.
   */
  private async missing(metadata: JsonObject, address: ProviderAddress): Promise<JsonObject> {
    if (SHARED.every((name) => metadata[name] !== undefined)) return {};
    const { metadata: rest } = await this.provider(address);
    return Object.fromEntries(SHARED.map((name) => [name, rest[name]]));
  }

  private async provider(address: ProviderAddress): Promise<Provider> {
    try {
      return await this.options.providers.at(address);
    } catch (error) {
      throw unusable('The document lacks endpoints, and OpenID discovery failed, too.', error);
    }
  }

  private serverOf(issuer: string, metadata: JsonObject, rest: JsonObject): UmaServer {
    const endpoint = (name: string): string => {
      const url = metadata[name] ?? rest[name];
      if (this.isEndpoint(url)) return url;
      throw unusable(`The ${name} is missing, or is a URL that must not be requested.`);
    };
    const { claims_interaction_endpoint: interaction } = metadata;
    return {
      issuer,
      token_endpoint: endpoint('token_endpoint'),
      permission_endpoint: endpoint('permission_endpoint'),
      resource_registration_endpoint: endpoint('resource_registration_endpoint'),
      introspection_endpoint: endpoint('introspection_endpoint'),
      jwks_uri: endpoint('jwks_uri'),
      ...(this.isForBrowsers(interaction) && { claims_interaction_endpoint: interaction }),
      grant_types_supported: stringsOf(metadata.grant_types_supported),
      scopes_supported: stringsOf(metadata.scopes_supported),
      metadata,
    };
  }

  private isEndpoint(url: unknown): url is string {
    return isPrintableUrl(url) && this.options.http.mayRequest(new URL(url));
  }

  private isForBrowsers(url: unknown): url is string {
    return isPrintableUrl(url) && this.options.http.maySendBrowser(new URL(url));
  }
}

/** Properties that OpenID discovery has, too. */
const SHARED = ['token_endpoint', 'introspection_endpoint', 'jwks_uri'] as const;

/** Returns true if the server did not respond, or with a 5xx status. */
function isOutage(error: unknown): boolean {
  const isWithoutResponse =
    error instanceof OperationError && error.cause instanceof ProviderRequestError;
  return isWithoutResponse || (statusOf(error) ?? 0) >= 500;
}

/** Rejects line breaks, which URL parsers ignore: headers contain these URLs. */
function isPrintableUrl(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) && URL.canParse(value);
}

function unusable(reason: string, cause?: unknown): OperationError {
  const message = `UMA discovery at op_host failed. ${reason}`.trim();
  return new OperationError('no_uma_discovery_response', message, cause);
}
