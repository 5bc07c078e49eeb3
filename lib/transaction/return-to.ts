const MAX_LENGTH = 1024;

/** Address to send the browser to after a login. */
export interface ReturnAddress {
  /** Absolute URL of the application. */
  readonly url: string;
  /** False when the requested address was rejected and `url` is the root of the application. */
  readonly safe: boolean;
}

/**
 * Returns the absolute URL to send the browser to after a login: `returnTo`, or the root of the
 * application if `returnTo` has another origin or more than 1024 characters.
 *
 * @param origin origin of the application, from the options
 */
export function resolveReturnTo(returnTo: string, origin: string): ReturnAddress {
  const root = { url: `${origin}/`, safe: false };
  // Checks the length before parsing, because the address is untrusted input.
  if (returnTo.length > MAX_LENGTH || !URL.canParse(returnTo, origin)) return root;
  const { href } = new URL(returnTo, origin);
  // Compares the string, because the origin of a blob: URL is that of its content.
  if (!href.startsWith(`${origin}/`)) return root;
  return href.length - origin.length > MAX_LENGTH ? root : { url: href, safe: true };
}
