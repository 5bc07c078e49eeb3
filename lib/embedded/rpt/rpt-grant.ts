import { UMA_GRANT_TYPE } from '../../base/uma-tokens.js';
import { genericGrantRequest, type TokenEndpointResponse } from 'openid-client';
import type { UmaRpGetRptResult } from '../../commands/uma.js';
import { toUmaError } from '../../commands/rpt-error-response.js';
import type { OperationContext } from '../context/operation-context.js';
import { failedResponseOf } from '../requests/command-error.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import { OperationError } from '../requests/operation-error.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { requestsSubmission } from './grant-form.js';
import type { UmaServer } from '../provider/uma-discovery.js';
import { isNonEmptyString, withoutUndefined } from '../../base/json.js';

/** Site that requests an RPT, and the authorization server. */
export interface GrantParties {
  readonly site: RegisteredSite;
  readonly server: UmaServer;
}

/**
 * Requests an RPT with the credentials of the site.
 *
 * @param form form of the request, see `grantForm`
 * @throws {NeedInfoError | RequestSubmittedError | RequestDeniedError | InvalidTicketError} the
 *   outcomes of UMA; other errors are passed on
 * @see UMA 2.0 Grant §3.3
 */
export async function umaGrant(
  context: OperationContext,
  { site, server }: GrantParties,
  form: Readonly<Record<string, string>>,
): Promise<UmaRpGetRptResult> {
  const { call } = context;
  const configuration = clientConfiguration(context, {
    provider: { metadata: metadataOf(server) },
    client: site.client,
  });
  try {
    return rptResult(
      await call.changing(() => genericGrantRequest(configuration, UMA_GRANT_TYPE, { ...form })),
    );
  } catch (error) {
    const response = await failedResponseOf(error);
    const request = { submit: requestsSubmission(form), ticket: form.ticket };
    throw (response && toUmaError(response, request, { command: call.command })) ?? error;
  }
}

function metadataOf({ issuer, token_endpoint, metadata }: UmaServer) {
  const { token_endpoint_auth_methods_supported: methods } = metadata;
  const isValid = Array.isArray(methods) && methods.every((method) => typeof method === 'string');
  return {
    issuer,
    token_endpoint,
    ...(isValid && { token_endpoint_auth_methods_supported: methods as string[] }),
  };
}

/**
 * Converts a token response (UMA 2.0 Grant §3.3.5). A parameter of the wrong type counts as
 * omitted; an omitted `upgraded` is false.
 */
function rptResult(response: TokenEndpointResponse): UmaRpGetRptResult {
  const { access_token, token_type, expires_in, pct, upgraded } = response;
  if (token_type !== 'bearer') {
    throw new OperationError(
      'internal_error',
      'The token_type of the RPT is not supported: it must be Bearer.',
    );
  }
  return withoutUndefined({
    access_token,
    token_type: 'Bearer',
    expires_in,
    pct: isNonEmptyString(pct) ? pct : undefined,
    upgraded: upgraded === true,
  });
}
