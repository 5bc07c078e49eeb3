import type { ServerParams } from './request.js';

/** oxd's order. What a release puts into the URL as it is, and what form-encoded. */
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
  // oxd knows no PKCE; the engine does not go without.
  ['code_challenge', 'raw'],
  ['code_challenge_method', 'raw'],
];

/** The engine's authorization URL as oxd would write it, raw parts raw. */
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
  return `${url.origin}${url.pathname}?${query.join('&')}`;
}

/** A logout URL as oxd would write it. */
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

/** As Java's `URLEncoder`. */
function encoded(value: string): string {
  return new URLSearchParams({ _: value }).toString().slice(2);
}
