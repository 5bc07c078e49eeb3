const LONGEST = 1024;

/**
 * Where to send the browser after a login: an absolute URL of the application itself. What is
 * foreign, or longer than 1024 characters, becomes the application's root.
 *
 * @param origin the application's own origin, from the options
 */
export function resolveReturnTo(returnTo: string, origin: string): { url: string; safe: boolean } {
  const url = URL.canParse(returnTo, origin) ? new URL(returnTo, origin) : undefined;
  // Not the origin alone: a blob: URL has that of what is in it.
  const own = url?.href.startsWith(`${origin}/`) === true;
  const safe = own && returnTo.length <= LONGEST && url.href.length - origin.length <= LONGEST;
  return safe ? { url: url.href, safe } : { url: `${origin}/`, safe: false };
}
