import type { ServerParams } from './request.js';
import { mapOf } from './values.js';

/** Parameters in oxd's order, with their encoding: oxd form-encodes only some of them. */
const AUTHORIZATION: readonly [string, 'raw' | 'encoded'][] = [
  ['response_type', 'encoded'],
  ['client_id', 'raw'],
  ['redirect_uri', 'raw'],
  ['scope', 'encoded'],
  ['state', 'raw'],
  ['nonce', 'raw'],
  ['acr_values', 'encoded'],
  ['prompt', 'raw'],
  ['hd', 'raw'],
  ['custom_response_headers', 'encoded'],
  // oxd does not know PKCE; the embedded transport always uses it.
  ['code_challenge', 'raw'],
  ['code_challenge_method', 'raw'],
];

/** Converts an authorization URL of the embedded transport to the format of oxd. */
export function authorizationUrl(engineUrl: string, params: ServerParams): string {
  const url = new URL(engineUrl);
  const values = new Map(url.searchParams);
  for (const name of ['prompt', 'hd']) {
    const value = params[name];
    if (typeof value === 'string') values.set(name, value);
  }
  if (Array.isArray(params.scope)) values.set('scope', params.scope.join(' '));
  const query = AUTHORIZATION.map(([name, how]) => [name, how, values.get(name)] as const)
    .filter(([, , value]) => value !== undefined)
    .map(([name, how, value = '']) => `${name}=${how === 'raw' ? value : encoded(value)}`);
  const custom = Object.entries(mapOf(params.params)).map(
    ([name, value]) => `${name}=${encoded(value)}`,
  );
  return `${url.origin}${url.pathname}?${[...query, ...custom].join('&')}`;
}

/** Logout URL in the format of oxd. */
export function logoutUrl(
  endpoint: string,
  query: readonly [string, string | undefined][],
): string {
  const parts = query
    .filter(([, value]) => value !== undefined)
    .map(([name, value = '']) =>
      name === 'post_logout_redirect_uri' ? `${name}=${encoded(value)}` : `${name}=${value}`,
    );
  if (parts.length === 0) return endpoint;
  return `${endpoint}${endpoint.includes('?') ? '&' : '?'}${parts.join('&')}`;
}

/** Encodes like Java's `URLEncoder`. */
export function encoded(value: string): string {
  return new URLSearchParams({ _: value }).toString().slice(2);
}
