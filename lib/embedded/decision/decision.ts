import type { Params, Result } from '../../commands/command.js';
import { MAX_RPT_LENGTH } from '../../base/limits.js';
import { isStringList } from '../../base/json.js';
import { UMA_GRANT_TYPE } from '../../base/uma-tokens.js';
import type { Decision, DecisionRequest } from '../context/decisions.js';
import type { EmbeddedRuntime, OperationContext } from '../context/operation-context.js';
import type { UmaServer } from '../provider/uma-discovery.js';
import { OperationError } from '../requests/operation-error.js';
import type { KnownResource } from '../resources/known-resource.js';
import { isRejectedResource, missingAtServer } from '../resources/named-resource.js';
import { neededPermission } from '../rpt/needed-permission.js';
import { sendDecisionRequest } from './decision-request.js';

type Check = Params<'uma_rs_check_access'>;
type Checked = Result<'uma_rs_check_access'>;

/**
 * Lets the authorization server decide about an access token. Concurrent equal requests share one
 * decision. Without a token nothing is sent.
 *
 * @throws {OperationError} `invalid_token` if the server does not accept the token, `invalid_resource`
 *   or `invalid_scope` if it does not know the resource or a scope, `unsupported_grant_type` if it makes
 *   no decisions, `bad_request`; any other failure is an error, too
 */
export async function decide(
  context: OperationContext,
  params: Check,
  { site, resource }: KnownResource,
): Promise<Checked> {
  const server = await context.umaServer(site);
  checkGrant(server);
  const { rpt: token = '' } = params;
  if (token.trim() === '') return { access: 'denied' };
  if (token.length > MAX_RPT_LENGTH) throw tooLong();
  const request = requestOf(context.runtime, params, resource);
  const { granted, permissions } = await sharedDecision(
    context,
    { site, server, resource },
    request,
  );
  if (!granted) return { access: 'denied' };
  return { access: 'granted', ...(permissions && { permissions }) };
}

/** Returns the grant of an earlier decision from memory; see {@link decide}. */
export function cachedDecision(
  runtime: EmbeddedRuntime,
  params: Check,
  { site, resource }: KnownResource,
): Checked | undefined {
  const { decisions } = runtime.uma;
  const decision = decisions.cached(decisions.keysOf(site, requestOf(runtime, params, resource)));
  if (!decision) return undefined;
  const { permissions } = decision;
  return { access: 'granted', ...(permissions && { permissions }) };
}

async function sharedDecision(
  context: OperationContext,
  { site, server, resource }: KnownResource & { readonly server: UmaServer },
  request: DecisionRequest,
): Promise<Decision> {
  const { uma, clock, options } = context.runtime;
  const { decisions } = uma;
  const { token, resource_id } = request;
  const keys = decisions.keysOf(site, request);
  // Twice the limit of a request, as for a whole check: an aborted check does not end the decision.
  const shared = context.detached({ deadline: clock() + 2 * options.timeout });
  const ask = (): Promise<Decision> => sendDecisionRequest(shared, { site, server }, request);
  try {
    return decisions.cached(keys) ?? (await decisions.obtain(keys, token, ask));
  } catch (error) {
    if (isInvalidToken(error)) decisions.clearToken(site, token);
    if (!isRejectedResource(error)) throw error;
    decisions.clearResource(site, resource_id);
    throw missingAtServer(resource, error);
  }
}

function requestOf(
  runtime: EmbeddedRuntime,
  params: Check,
  resource: KnownResource['resource'],
): DecisionRequest {
  const needed = neededPermission(runtime, resource, params);
  if (needed.scope_expression) throw unfit('scope_expression: is not supported in decision mode.');
  const { rpt: token = '', claims } = params;
  if (claims && !Object.values(claims).every(isStringList)) {
    throw unfit('claims: must be an object of lists of strings.');
  }
  return { token, claims, ...needed };
}

function checkGrant({ grant_types_supported = [] }: UmaServer): void {
  if (grant_types_supported.includes(UMA_GRANT_TYPE)) return;
  throw new OperationError(
    'unsupported_grant_type',
    `The authorization server makes no decisions: its discovery document lists no ${UMA_GRANT_TYPE}.`,
  );
}

function isInvalidToken(error: unknown): boolean {
  return error instanceof OperationError && error.error === 'invalid_token';
}

function tooLong(): OperationError {
  return new OperationError('invalid_token', `It is longer than ${MAX_RPT_LENGTH} characters.`);
}

function unfit(message: string): OperationError {
  return new OperationError('bad_request', message);
}
