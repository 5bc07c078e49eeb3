import { genericGrantRequest, type TokenEndpointResponse } from 'openid-client';
import type { UmaRpGetRptResult } from '../../commands/uma.js';
import { toUmaError } from '../../commands/rpt-error-response.js';
import type { OperationContext } from '../context/operation-context.js';
import { failedResponseOf } from '../requests/command-error.js';
import { OperationError } from '../requests/operation-error.js';
import { withoutUndefined } from '../registration/client-results.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { asksOwner } from './grant-form.js';
import type { UmaServer } from '../provider/uma-discovery.js';

/** Who asks whom. */
export interface GrantParties {
  readonly site: RegisteredSite;
  readonly server: UmaServer;
}

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:uma-ticket';

/**
 * Asks an authorization server for an RPT, with the credentials of the site.
 *
 * @param form what is asked for, see `grantForm`
 * @throws {NeedInfoError | RequestSubmittedError | RequestDeniedError | InvalidTicketError} the
 *   outcomes of UMA; whatever else fails is raised as it is
 * @see UMA 2.0 Grant §3.3
 */
export async function umaGrant(
  context: OperationContext,
  { site, server }: GrantParties,
  form: Readonly<Record<string, string>>,
): Promise<UmaRpGetRptResult> {
  const { call } = context;
  const configuration = context.configuration({ metadata: metadataOf(server) }, site.client);
  try {
    return rptResult(
      await call.changing(() => genericGrantRequest(configuration, GRANT_TYPE, { ...form })),
    );
  } catch (error) {
    const answer = await failedResponseOf(error);
    const asked = { submit: asksOwner(form), ticket: form.ticket };
    throw (answer && toUmaError(answer, asked, { command: call.command })) ?? error;
  }
}

function metadataOf({ issuer, token_endpoint, metadata }: UmaServer) {
  const { token_endpoint_auth_methods_supported: methods } = metadata;
  const known = Array.isArray(methods) && methods.every((method) => typeof method === 'string');
  return {
    issuer,
    token_endpoint,
    ...(known && { token_endpoint_auth_methods_supported: methods as string[] }),
  };
}

/** UMA 2.0 Grant §3.3.5. A member of another type counts as left out; `upgraded` is false then. */
function rptResult(answer: TokenEndpointResponse): UmaRpGetRptResult {
  const { access_token, token_type, expires_in, pct, upgraded } = answer;
  if (token_type !== 'bearer') {
    throw new OperationError('internal_error', 'The RPT is of a type that cannot be used.');
  }
  return withoutUndefined({
    access_token,
    token_type: 'Bearer',
    expires_in,
    pct: typeof pct === 'string' && pct !== '' ? pct : undefined,
    upgraded: upgraded === true,
  });
}
