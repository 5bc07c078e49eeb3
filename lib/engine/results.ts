import type { TokenEndpointResponse } from 'openid-client';
import type { ClientTokenResult } from '../commands/registration.js';

/** A result without the members that have no value. */
export function withoutEmpty<T extends object>(result: T): T {
  const there = Object.entries(result).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(there) as T;
}

/** The result of a grant without a user. */
export function clientTokenResult(tokens: TokenEndpointResponse): ClientTokenResult {
  const { access_token, expires_in, refresh_token, scope } = tokens;
  return withoutEmpty({ access_token, expires_in, refresh_token, scope });
}
