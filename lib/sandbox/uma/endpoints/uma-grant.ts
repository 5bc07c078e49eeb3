import type { Context } from '../../provider/oidc-provider.js';
import type { Answer } from '../oauth-response.js';
import type { Assessment, AssessmentInput } from '../assessment.js';
import { ID_TOKEN_FORMAT } from './requesting-party.js';
import type { PersistedClaims, Permission, Ticket } from '../tickets.js';
import { denied, readRequest, type TokenRequest } from './token-request.js';
import type { UmaServer } from '../uma-server.js';
import { upgraded } from './rpt-upgrade.js';
import { withRequestedScopes } from './requested-scopes.js';

/** How long a client waits before it asks for the owner's decision again, in seconds. */
const INTERVAL = 5;

/**
 * Exchanges a permission ticket for an RPT, or tells what is missing. The ticket is spent whatever
 * comes of it.
 *
 * @throws {Refusal} the errors of UMA 2.0 Grant §3.3.6 that bring no ticket
 */
export async function umaGrant(uma: UmaServer, { oidc }: Context): Promise<Answer> {
  const { client, params = {} } = oidc;
  if (!client) throw new Error('The provider authenticates clients before it asks.');
  const request = await readRequest(uma, client, params);
  const asked = caseOf(uma, request);
  const assessment = await uma.assessor.assess(asked);
  switch (assessment.outcome) {
    case 'granted':
      return granted(uma, request, { ...asked, permissions: assessment.permissions });
    case 'need':
      return needInfo(uma, next(request, asked), assessment.need);
    case 'submitted':
      return submitted(uma, next(request, asked), assessment.permissions);
    case 'denied':
      end(uma, asked);
      throw denied();
  }
}

function caseOf({ resources }: UmaServer, request: TokenRequest): AssessmentInput {
  const { client, params, ticket, party, answers } = request;
  const permissions = withRequestedScopes(resources, ticket, params.scope);
  return { ...ticket, client: client.clientId, permissions, party, answers };
}

async function granted(
  uma: UmaServer,
  request: TokenRequest,
  asked: AssessmentInput,
): Promise<Answer> {
  const { client, params, party, answers } = request;
  const { resourceServer } = asked;
  const { permissions, ...rest } = await upgraded(uma, asked, params.rpt);
  const rpt = await uma.rpts.issue({ client, resourceServer, party, permissions });
  end(uma, asked);
  const pct = await renewedPct(uma, { client: client.clientId, party, answers }, params.pct);
  return { status: 200, body: { ...rpt, ...pct, ...rest } };
}

/** Where nothing is known of the requesting party there is nothing to keep. */
async function renewedPct(
  { persistedClaims }: UmaServer,
  claims: PersistedClaims,
  old?: string,
): Promise<{ readonly pct?: string }> {
  if (claims.party === undefined && Object.keys(claims.answers).length === 0) return {};
  const before = old === undefined ? undefined : await persistedClaims.find(old);
  if (old !== undefined && before?.client === claims.client) await persistedClaims.take(old);
  return { pct: await persistedClaims.issue(claims) };
}

/** No `error_description`: oxd 3.1 takes a body with a further member for a failure. */
async function needInfo(
  uma: UmaServer,
  ticket: Ticket,
  { identity }: (Assessment & { outcome: 'need' })['need'],
): Promise<Answer> {
  const who = {
    claim_token_format: [ID_TOKEN_FORMAT],
    friendly_name: 'Who you are',
    issuer: [uma.issuer],
    name: 'sub',
  };
  const body = {
    error: 'need_info',
    ticket: await uma.tickets.issue(ticket),
    ...(identity && { required_claims: [who] }),
    redirect_user: uma.endpoints.claims_interaction_endpoint,
  };
  return { status: 403, body };
}

async function submitted(
  uma: UmaServer,
  ticket: Ticket,
  permissions: readonly Permission[],
): Promise<Answer> {
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

/** What the next ticket stands for: permissions as the resource server asked for them. */
function next(
  { client, ticket, party, answers }: TokenRequest,
  { permissions }: AssessmentInput,
): Ticket {
  return { ...ticket, client: client.clientId, party, answers, wanted: permissions };
}

function end({ submissions }: UmaServer, { submission }: AssessmentInput): void {
  if (submission !== undefined) submissions.end(submission);
}
