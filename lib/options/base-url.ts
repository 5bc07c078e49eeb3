import { isLoopback } from '../base/network-rules.js';

const NO_URL =
  'baseUrl: must be an absolute http or https URL without query, fragment and user name';
const PLAIN = 'baseUrl: must be https in production unless the host is loopback';

/**
 * Returns the problems of option `baseUrl` as `path: message`.
 *
 * @param production true if `NODE_ENV` is `production`
 */
export function baseUrlProblems(baseUrl: unknown, production: boolean): string[] {
  if (baseUrl === undefined || baseUrl === null) return [];
  if (typeof baseUrl !== 'string' || !URL.canParse(baseUrl) || /[?#]/.test(baseUrl))
    return [NO_URL];
  const { protocol, username, password } = new URL(baseUrl);
  const isWeb = protocol === 'https:' || protocol === 'http:';
  if (!isWeb || username !== '' || password !== '') return [NO_URL];
  return production && protocol === 'http:' && !isLoopback(baseUrl) ? [PLAIN] : [];
}
