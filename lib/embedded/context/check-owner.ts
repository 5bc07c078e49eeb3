import { tokenKey } from '../../base/token-key.js';

/** Site that checks a token. */
export interface CheckOwner {
  readonly oxd_id: string;
  readonly client: { readonly client_id: string };
}

/** Key of a token that a site checks, see {@link tokenKey}. */
export function ownedTokenKey({ oxd_id, client }: CheckOwner, token: string): string {
  return tokenKey({ oxd_id, client_id: client.client_id }, token);
}

/** Part of a cache that a change of one resource of a site outdates. */
export function resourcePart(oxd_id: string, resource_id: string): string {
  return `${oxd_id.length} ${oxd_id}${resource_id}`;
}
