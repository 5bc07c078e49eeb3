import { randomBytes } from 'node:crypto';
import type { Context, ProviderClient } from '../../provider/oidc-provider.js';
import { invalidRequest } from '../oauth-response.js';
import { claimsRedirectUris } from './claims-redirect-uris.js';
import { UMA_PATHS } from '../metadata.js';
import { sendOn } from './page-request.js';
import type { ClaimsSession } from '../tickets.js';
import type { UmaServer } from '../uma-server.js';

/** The cookie that binds a page to a browser; its path is that of the page. */
export const GATHERING_COOKIE = 'oxd-sandbox.claims';

/**
 * Takes the ticket that a client sends a browser with, and leads to a page for this browser alone,
 * without a ticket in its address.
 *
 * @throws {Refusal} for whatever is wrong, a bad ticket included: nothing leads elsewhere unasked
 * @see UMA 2.0 Grant §3.3.2
 */
export async function beginGathering(uma: UmaServer, context: Context): Promise<void> {
  const query = readQuery(context.querystring);
  const client = await uma.provider.Client.find(query.client_id ?? '');
  if (!client) throw invalidRequest('client_id: is not registered.');
  const redirectUri = redirectUriOf(client, query.claims_redirect_uri);
  const ticket = await uma.tickets.take(query.ticket ?? '');
  if (!ticket || (ticket.client ?? client.clientId) !== client.clientId) {
    throw invalidRequest('ticket: is not good, or not any more.');
  }
  const path = await open(uma, context, {
    application: client.clientName ?? client.clientId,
    redirectUri,
    state: query.state,
    ticket: { ...ticket, client: client.clientId },
  });
  sendOn(context, path);
}

async function open(uma: UmaServer, context: Context, about: Omit<ClaimsSession, 'browser'>) {
  const browser = randomBytes(32).toString('base64url');
  uma.onSecret(browser);
  const path = `${UMA_PATHS.claims}/${await uma.gatherings.issue({ ...about, browser })}`;
  context.cookies.set(GATHERING_COOKIE, browser, { path, httpOnly: true, sameSite: 'lax' });
  return path;
}

/** Parameters, each at most once (RFC 6749 §3.1). */
function readQuery(querystring: string): Readonly<Partial<Record<string, string>>> {
  const query = [...new URLSearchParams(querystring)];
  const params = new Map(query);
  if (params.size < query.length) throw invalidRequest('A parameter is there twice.');
  return Object.fromEntries(params);
}

/** One of the registered ones, letter by letter; the only one where none is named. */
function redirectUriOf(client: ProviderClient, named?: string): string {
  const registered = claimsRedirectUris(client);
  const [only, another] = registered;
  const uri = named ?? (another === undefined ? only : undefined);
  if (uri !== undefined && registered.includes(uri)) return uri;
  throw invalidRequest('claims_redirect_uri: is none that the client registered.');
}
