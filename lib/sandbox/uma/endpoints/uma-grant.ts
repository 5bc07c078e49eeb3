import type { Context } from '../../provider/oidc-provider.js';
import type { OAuthResponse } from '../oauth-response.js';
import type { Assessment, AssessmentInput } from '../assessment.js';
import { ID_TOKEN_FORMAT } from './requesting-party.js';
import type { PersistedClaims, Permission, Ticket } from '../tickets.js';
import { requestDenied, readRequest, type TokenRequest } from './token-request.js';
import type { UmaServer } from '../uma-server.js';
import { upgradePermissions } from './rpt-upgrade.js';
import { withRequestedScopes } from './requested-scopes.js';

/** Time that a client must wait between two polls for the owner's decision, in seconds. */
const INTERVAL = 5;

/**
 * Exchanges a permission ticket for an RPT, or returns an error with a new ticket. The ticket is
 * consumed in any case.
 *
 * @throws {OAuthError} errors of UMA 2.0 Grant §3.3.6 without a new ticket
 */
export async function umaGrant(uma: UmaServer, { oidc }: Context): Promise<OAuthResponse> {
  const { client, params = {} } = oidc;
  if (!client) throw new Error('The token request has no authenticated client.');
  const request = await readRequest(uma, client, params);
  const input = toAssessmentInput(uma, request);
  const assessment = await uma.assessor.assess(input);
  switch (assessment.outcome) {
    case 'granted':
      return issueRpt(uma, request, { ...input, permissions: assessment.permissions });
    case 'need':
      return needInfo(uma, nextTicket(request, input), assessment.need);
    case 'submitted':
      return requestSubmitted(uma, nextTicket(request, input), assessment.permissions);
    case 'denied':
      endSubmission(uma, input);
      throw requestDenied();
  }
}

function toAssessmentInput({ resources }: UmaServer, request: TokenRequest): AssessmentInput {
  const { client, params, ticket, party, answers } = request;
  const permissions = withRequestedScopes(resources, ticket, params.scope);
  return { ...ticket, client: client.clientId, permissions, party, answers };
}

async function issueRpt(
  uma: UmaServer,
  request: TokenRequest,
  input: AssessmentInput,
): Promise<OAuthResponse> {
  const { client, params, party, answers } = request;
  const { resourceServer } = input;
  const { permissions, ...rest } = await upgradePermissions(uma, input, params.rpt);
  const rpt = await uma.rpts.issue({ client, resourceServer, party, permissions });
  endSubmission(uma, input);
  const pct = await renewPct(uma, { client: client.clientId, party, answers }, params.pct);
  return { status: 200, body: { ...rpt, ...pct, ...rest } };
}

/** Replaces the PCT; returns none when there are no claims to persist. */
async function renewPct(
  { persistedClaims }: UmaServer,
  claims: PersistedClaims,
  old?: string,
): Promise<{ readonly pct?: string }> {
  if (claims.party === undefined && Object.keys(claims.answers).length === 0) return {};
  const before = old === undefined ? undefined : await persistedClaims.find(old);
  if (old !== undefined && before?.client === claims.client) await persistedClaims.take(old);
  return { pct: await persistedClaims.issue(claims) };
}

/** Omits `error_description`: oxd 3.1 treats a body with further parameters as a failure. */
async function needInfo(
  uma: UmaServer,
  ticket: Ticket,
  { identity }: (Assessment & { outcome: 'need' })['need'],
): Promise<OAuthResponse> {
  const identityClaim = {
    claim_token_format: [ID_TOKEN_FORMAT],
    friendly_name: 'Who you are',
    issuer: [uma.issuer],
    name: 'sub',
  };
  const body = {
    error: 'need_info',
    ticket: await uma.tickets.issue(ticket),
    ...(identity && { required_claims: [identityClaim] }),
    redirect_user: uma.endpoints.claims_interaction_endpoint,
  };
  return { status: 403, body };
}

async function requestSubmitted(
  uma: UmaServer,
  ticket: Ticket,
  permissions: readonly Permission[],
): Promise<OAuthResponse> {
  const { client = '', resourceServer, party } = ticket;
  const about = { client, resourceServer, party, permissions };
  const submission = uma.submissions.submit(about, ticket.submission);
  const body = {
    error: 'request_submitted',
    ticket: await uma.tickets.issue({ ...ticket, submission }),
    interval: INTERVAL,
  };
  return { status: 403, body };
}

/** Content of the next ticket; `permissions` stay as the resource server requested them. */
function nextTicket(
  { client, ticket, party, answers }: TokenRequest,
  { permissions }: AssessmentInput,
): Ticket {
  return { ...ticket, client: client.clientId, party, answers, requested: permissions };
}

function endSubmission({ submissions }: UmaServer, { submission }: AssessmentInput): void {
  if (submission !== undefined) submissions.end(submission);
}
