import { hash } from 'node:crypto';

/** Owner of a token: a site, and where its client may change also the client. */
export interface TokenSite {
  readonly oxd_id: string;
  readonly client?: { readonly client_id: string };
}

/**
 * Key of a token of a site in a cache. Contains no part of the token, which is a secret. The lengths
 * separate the parts, whatever characters they contain.
 */
export function tokenKey({ oxd_id, client }: TokenSite, token: string): string {
  const { client_id = '' } = client ?? {};
  const lengths = `${oxd_id.length} ${client_id.length}`;
  return hash('sha256', `${lengths} ${oxd_id}${client_id}${token}`, 'base64');
}
