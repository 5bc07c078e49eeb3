/** Site that checks a token. */
export interface CheckOwner {
  readonly oxd_id: string;
  readonly client: { readonly client_id: string };
}

/** Part of a cache that a change of one resource of a site outdates. */
export function resourcePart(oxd_id: string, resource_id: string): string {
  return `${oxd_id.length} ${oxd_id}${resource_id}`;
}
