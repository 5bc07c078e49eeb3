import { randomBytes } from 'node:crypto';
import type { Context, ProviderClient } from '../../provider/oidc-provider.js';
import { invalidRequest } from '../oauth-response.js';
import { claimsRedirectUris } from './claims-redirect-uris.js';
import { UMA_PATHS } from '../metadata.js';
import { redirectTo } from './page-request.js';
import type { ClaimsSession } from '../tickets.js';
import type { UmaServer } from '../uma-server.js';

/** Cookie that binds a page to a browser; its path is that of the page. */
export const CLAIMS_COOKIE = 'oxd-sandbox.claims';

/**
 * Consumes the permission ticket with which a client sends a browser, and redirects to a page for
 * this browser only, whose URL has no ticket.
 *
 * @throws {OAuthError} for every invalid request, so that none leads to an unverified redirect URI
 * @see UMA 2.0 Grant §3.3.2
 */
export async function beginClaimsGathering(uma: UmaServer, context: Context): Promise<void> {
  const query = readQuery(context.querystring);
  const client = await uma.provider.Client.find(query.client_id ?? '');
  if (!client) throw invalidRequest('client_id: is not registered.');
  const redirectUri = redirectUriOf(client, query.claims_redirect_uri);
  const ticket = await uma.tickets.take(query.ticket ?? '');
  if (!ticket || (ticket.client ?? client.clientId) !== client.clientId) {
    throw invalidRequest('ticket: is invalid, expired or already used.');
  }
  const path = await open(uma, context, {
    application: client.clientName ?? client.clientId,
    redirectUri,
    state: query.state,
    ticket: { ...ticket, client: client.clientId },
  });
  redirectTo(context, path);
}

async function open(uma: UmaServer, context: Context, about: Omit<ClaimsSession, 'browser'>) {
  const browser = randomBytes(32).toString('base64url');
  uma.onSecret(browser);
  const path = `${UMA_PATHS.claims}/${await uma.claimsSessions.issue({ ...about, browser })}`;
  context.cookies.set(CLAIMS_COOKIE, browser, { path, httpOnly: true, sameSite: 'lax' });
  return path;
}

/** Parameters, each at most once (RFC 6749 §3.1). */
function readQuery(querystring: string): Readonly<Partial<Record<string, string>>> {
  const query = [...new URLSearchParams(querystring)];
  const params = new Map(query);
  if (params.size < query.length) throw invalidRequest('A parameter occurs more than once.');
  return Object.fromEntries(params);
}

/** Registered redirect URI that equals the requested one; by default the only registered URI. */
function redirectUriOf(client: ProviderClient, named?: string): string {
  const registered = claimsRedirectUris(client);
  const [only, another] = registered;
  const uri = named ?? (another === undefined ? only : undefined);
  if (uri !== undefined && registered.includes(uri)) return uri;
  throw invalidRequest('claims_redirect_uri: is not registered for this client.');
}
