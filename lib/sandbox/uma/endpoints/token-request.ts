import type { ProviderClient } from '../../provider/oidc-provider.js';
import { invalidRequest, OAuthError } from '../oauth-response.js';
import { requestingParty } from './requesting-party.js';
import type { PersistedClaims, Ticket } from '../tickets.js';
import type { UmaServer } from '../uma-server.js';

/** Parameters of the grant (UMA 2.0 Grant §3.3.1), except those of client authentication. */
export const UMA_PARAMS = [
  'ticket',
  'claim_token',
  'claim_token_format',
  'pct',
  'rpt',
  'scope',
  'subject_token',
] as const;

/** Parameters of one token request. */
export type UmaParams = Readonly<Partial<Record<(typeof UMA_PARAMS)[number], string>>>;

/** A token request with the known facts about the requesting party. */
export interface TokenRequest {
  readonly client: ProviderClient;
  readonly params: UmaParams;
  readonly ticket: Ticket;
  readonly party?: string;
  readonly answers: Readonly<Record<string, string>>;
}

/**
 * Consumes the ticket of a request and identifies the requesting party.
 *
 * @throws {OAuthError} `invalid_request`, `invalid_grant`; `request_denied` when the requesting party
 *   differs from that of the ticket
 */
export async function readRequest(
  uma: UmaServer,
  client: ProviderClient,
  params: UmaParams,
): Promise<TokenRequest> {
  const ticket = await takeTicket(uma, client, params.ticket);
  const identified = await identify(uma, client, params);
  if (identified !== undefined && ![undefined, identified].includes(ticket.party))
    throw requestDenied();
  const party = identified ?? ticket.party;
  const persisted = await persistedClaims(uma, { client: client.clientId, party }, params.pct);
  const answers = { ...persisted?.answers, ...ticket.answers };
  return { client, params, ticket, party: party ?? persisted?.party, answers };
}

/** Final denial: 403 `request_denied`, without a description (UMA 2.0 Grant §3.3.6). */
export function requestDenied(): OAuthError {
  return new OAuthError(403, 'request_denied');
}

async function takeTicket(uma: UmaServer, { clientId }: ProviderClient, value?: string) {
  if (value === undefined) throw invalidRequest('ticket: is missing.');
  const ticket = await uma.tickets.take(value);
  if (ticket && (ticket.client ?? clientId) === clientId) return ticket;
  throw new OAuthError(400, 'invalid_grant', 'The ticket is invalid, expired or already used.');
}

async function identify(uma: UmaServer, client: ProviderClient, params: UmaParams) {
  const party = await requestingParty(uma.provider, client, params);
  if (party === undefined || uma.isUser(party)) return party;
  throw invalidRequest('The requesting party is not a user of the sandbox.');
}

/** Claims of a PCT; undefined for a PCT of another client or another requesting party. */
async function persistedClaims(
  uma: UmaServer,
  { client, party }: { readonly client: string; readonly party?: string },
  pct?: string,
): Promise<PersistedClaims | undefined> {
  const known = pct === undefined ? undefined : await uma.persistedClaims.find(pct);
  if (known?.client !== client) return undefined;
  return party === undefined || known.party === party ? known : undefined;
}
