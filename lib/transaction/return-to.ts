const MAX_LENGTH = 1024;

/** Address to send the browser to after a login. */
export interface ReturnAddress {
  /** Absolute URL of the application. */
  readonly url: string;
  /** False when the root of the application replaces the requested address. */
  readonly safe: boolean;
}

/**
 * Returns an absolute URL of the application to send the browser to after a login. A foreign address,
 * or one longer than 1024 characters, becomes the root of the application.
 *
 * @param origin the application's own origin, from the options
 */
export function resolveReturnTo(returnTo: string, origin: string): ReturnAddress {
  const root = { url: `${origin}/`, safe: false };
  // The length first: the address is foreign input.
  if (returnTo.length > MAX_LENGTH || !URL.canParse(returnTo, origin)) return root;
  const { href } = new URL(returnTo, origin);
  // Not the origin alone: a blob: URL has the origin of its content.
  if (!href.startsWith(`${origin}/`)) return root;
  return href.length - origin.length > MAX_LENGTH ? root : { url: href, safe: true };
}
