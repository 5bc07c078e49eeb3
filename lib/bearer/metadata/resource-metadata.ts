import { providerUrl, withoutSlash } from '../../base/issuer.js';
import { RESOURCE_METADATA_PATH } from '../../http/resource-metadata-url.js';
import type { OxdOptions } from '../../options/oxd.options.js';

/** Metadata of a protected resource (RFC 9728 §2). */
export interface ResourceMetadata {
  /** URL of the API, as in option `bearer.resource`. */
  readonly resource: string;
  /** Issuers of the authorization servers whose tokens the API accepts; here one. */
  readonly authorization_servers: readonly string[];
  /** Scopes that clients should request; omitted if none is configured. */
  readonly scopes_supported?: readonly string[];
  /** Ways to send a token; only the header `Authorization` is accepted. */
  readonly bearer_methods_supported: readonly ['header'];
}

/**
 * Builds the metadata of the API; undefined without option `bearer.resource`.
 *
 * @see RFC 9728 §2
 */
export function resourceMetadata({ bearer, site }: OxdOptions): ResourceMetadata | undefined {
  const { resource, scopesSupported = [] } = bearer;
  if (resource === undefined) return undefined;
  return {
    resource,
    authorization_servers: [providerUrl(site)],
    // RFC 9728 §3.2 forbids empty lists.
    ...(scopesSupported.length > 0 && { scopes_supported: scopesSupported }),
    bearer_methods_supported: ['header'],
  };
}

/** Path of the document with that of the resource, without a slash at the end. */
export function metadataPath({ resource }: ResourceMetadata): string {
  return withoutSlash(`${RESOURCE_METADATA_PATH}${new URL(resource).pathname}`);
}

/**
 * True if a request is for the document of this resource: at the well-known path, or with the path of the
 * resource after it. A slash at the end is ignored, because clients differ in it. A prefix is ignored.
 *
 * @param url path and query of the request
 */
export function isMetadataUrl(url: string, metadata: ResourceMetadata): boolean {
  const [path = ''] = url.split('?', 1);
  const own = withoutSlash(path.slice(Math.max(path.indexOf(RESOURCE_METADATA_PATH), 0)));
  return own === RESOURCE_METADATA_PATH || own === metadataPath(metadata);
}

/** Number of segments in the path of a resource; a slash at the end adds none. */
export function pathSegments({ resource }: ResourceMetadata): number {
  return withoutSlash(new URL(resource).pathname).split('/').length - 1;
}
