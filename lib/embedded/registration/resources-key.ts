import { createHash } from 'node:crypto';
import { addressKey, discoveryUrl, type ProviderAddress } from '../provider/provider-address.js';
import type { RegisteredSite } from './site-record.js';

/**
 * Store key of the resources of a site. Resources belong to the client at its authorization server,
 * not to the site: they survive changed options, and a new client has none. The key contains the URL
 * of the discovery document, because that is known even when the server is down.
 */
export function resourcesKey({ client, ...address }: RegisteredSite): string {
  const owner = JSON.stringify([serverOf(address), client.client_id]);
  return `resources:${createHash('sha256').update(owner).digest('base64url')}`;
}

function serverOf(address: ProviderAddress): string {
  try {
    return discoveryUrl(address, 'uma2-configuration').href;
  } catch {
    // A site that was registered with an unusable address can still be removed.
    return addressKey(address);
  }
}
