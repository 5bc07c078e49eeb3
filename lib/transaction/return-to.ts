import { withoutSlash } from '../base/issuer.js';

const MAX_LENGTH = 1024;

/** Address to send the browser to after a login. */
export interface ReturnAddress {
  /** Absolute URL of the application. */
  readonly url: string;
  /** False when the requested address was rejected and `url` is the root of the application. */
  readonly safe: boolean;
}

/**
 * Returns the absolute URL to send the browser to after a login. A path that is not beneath the path of
 * `baseUrl` is appended to it. The result is `baseUrl` if `returnTo` is undefined, or if its URL has
 * another origin, is not beneath `baseUrl` or exceeds it by more than 1024 characters.
 *
 * @param returnTo path or URL
 * @param baseUrl root of the application, from the options
 */
export function resolveReturnTo(returnTo: string | undefined, baseUrl: string): ReturnAddress {
  const { href, origin, pathname } = new URL(baseUrl);
  if (returnTo === undefined) return { url: href, safe: true };
  const root = withoutSlash(origin + pathname);
  const url = resolvedUrl(returnTo, { origin, root });
  return url === undefined ? { url: href, safe: false } : { url, safe: true };
}

interface Base {
  readonly origin: string;
  /** Base URL without a final slash. */
  readonly root: string;
}

function resolvedUrl(returnTo: string, { origin, root }: Base): string | undefined {
  // Checks the length before parsing, because the address is untrusted input.
  if (returnTo.length > root.length + MAX_LENGTH) return undefined;
  const url = URL.canParse(returnTo)
    ? new URL(returnTo).href
    : appended(returnTo, { origin, root });
  if (url === undefined || !isBeneath(url, root)) return undefined;
  return url.length - root.length > MAX_LENGTH ? undefined : url;
}

/** Resolves a path, which is appended to the base URL unless it is beneath it already. */
function appended(path: string, { origin, root }: Base): string | undefined {
  if (!URL.canParse(path, `${root}/`)) return undefined;
  const { href } = new URL(path, `${root}/`);
  // Compares strings, because the origin of a blob: URL is that of its content.
  if (isBeneath(href, root) || !href.startsWith(`${origin}/`)) return href;
  return root + href.slice(origin.length);
}

/** True for a URL with the origin of `root` whose path begins with the segments of its path. */
function isBeneath(url: string, root: string): boolean {
  return url.startsWith(root) && /^([/?#]|$)/.test(url.slice(root.length));
}
