/** Path of the metadata of a protected resource at the root of its host (RFC 9728 §3.1). */
export const RESOURCE_METADATA_PATH = '/.well-known/oauth-protected-resource';

/**
 * Returns the URL of the metadata of a protected resource: the well-known path between host and path.
 * A path that is only a slash is dropped; the query stays.
 *
 * @param resource absolute URL without fragment
 * @see RFC 9728 §3.1
 */
export function resourceMetadataUrl(resource: string): string {
  const { origin, pathname, search } = new URL(resource);
  return `${origin}${RESOURCE_METADATA_PATH}${pathname === '/' ? '' : pathname}${search}`;
}
