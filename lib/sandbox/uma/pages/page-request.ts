import type { Context } from '../../provider/oidc-provider.js';
import { errorPage, sendPage } from '../../web/pages.js';
import { OAuthError } from '../oauth-response.js';
import { notAllowed } from '../endpoints/resource-endpoint.js';

/** Runs a page. An {@link OAuthError} becomes an error page, never a redirect. */
export async function runPage(context: Context, work: () => Promise<void>): Promise<void> {
  try {
    checkRequest(context);
    await work();
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    for (const [name, value] of Object.entries(error.headers)) context.set(name, value);
    sendPage(context, error.status, errorPage(error.error, error.message));
  }
}

/** Redirects the browser. The URL may contain a ticket: it is neither cached nor sent as referrer. */
export function redirectTo(context: Context, url: string): void {
  context.redirect(url);
  context.status = 303;
  context.set('cache-control', 'no-store');
  context.set('referrer-policy', 'no-referrer');
}

/** Rejects forms submitted by another site, by their `Sec-Fetch-Site` and `Origin`. */
function checkRequest(context: Context): void {
  if (!['GET', 'POST'].includes(context.method)) throw notAllowed('GET, POST');
  if (context.method === 'GET') return;
  const site = context.get('sec-fetch-site') || 'same-origin';
  const origin = context.get('origin') || 'null';
  // Pages with the referrer policy no-referrer, as used here, make browsers send "null".
  if (site === 'same-origin' && ['null', `http://${context.host}`].includes(origin)) return;
  throw new OAuthError(403, 'forbidden', 'The form was submitted by another site.');
}
