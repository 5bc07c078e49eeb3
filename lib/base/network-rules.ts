import { isJsonObject } from './json.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

const PROXY = 'must be an http or https URL without path and query, or false';
const CREDENTIALS = 'must have a user name and a password, percent-encoded, or neither';
const ADDRESSES =
  "must be an object of origins, such as { 'https://sso.example.com': 'http://keycloak:8080' }";

/** Returns true when the host of a URL can only be this machine. */
export function isLoopback(url: string): boolean {
  return LOOPBACK.test(new URL(url).hostname);
}

/**
 * Checks the URL of a forward proxy. The message never contains the URL, which may have a password.
 *
 * @returns the problem, or undefined
 */
export function proxyProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return PROXY;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(value);
  if (!/^https?:$/.test(protocol) || hostname === '') return PROXY;
  if (pathname !== '/' || search !== '' || hash !== '') return PROXY;
  const isWhole = (username === '') === (password === '');
  return isWhole && isDecodable(username + password) ? undefined : CREDENTIALS;
}

/**
 * Checks the option `addresses`.
 *
 * @returns the problems, as `path: message`, where the path begins with an origin or is empty
 */
export function addressProblems(value: unknown): string[] {
  if (!isJsonObject(value)) return [`: ${ADDRESSES}`];
  const pairs = Object.entries(value);
  if (!pairs.every((pair) => pair.every((url) => originOf(url) !== undefined))) {
    return [`: ${ADDRESSES}; an origin is scheme, host and port only`];
  }
  const origins = pairs.map(([origin]) => originOf(origin));
  return new Set(origins).size === origins.length ? [] : [': names one origin twice'];
}

/** Returns the origin that a string consists of, without a final slash; undefined for any other value. */
export function originOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const { protocol, origin } = new URL(value);
  if (!/^https?:$/.test(protocol)) return undefined;
  const given = value.toLowerCase().replace(/\/$/, '');
  const isDefaultPort = given === `${origin}:${protocol === 'https:' ? 443 : 80}`;
  return given === origin || isDefaultPort ? origin : undefined;
}

function isDecodable(value: string): boolean {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false;
  }
}
