import { createHash } from 'node:crypto';
import { addressKey, discoveryUrl, type ProviderAddress } from '../provider/provider-address.js';
import type { RegisteredSite } from './site-record.js';

/**
 * Key of the resources of a site's client in the store. Resources belong to the client at its
 * authorization server, whatever site uses it: they outlive changed options, and a new client has
 * none. The server is named by its discovery document, which fixes its issuer and is known when the
 * server is down.
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
