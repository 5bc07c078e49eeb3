import type { UmaRpGetRptParams } from '../../commands/uma.js';
import type { OperationContext } from '../context/operation-context.js';
import { isKeycloak } from '../provider/uma-discovery.js';
import type { GrantParties } from './rpt-grant.js';
import { ID_TOKEN } from './expected-user.js';

/**
 * Logs a warning, once per client and process, about a request for an RPT without a user identity:
 * Keycloak then evaluates the service account of the client. An RPT and pushed claims are no
 * identity.
 */
export function warnWithoutIdentity(
  { log, runtime }: OperationContext,
  { site, server }: GrantParties,
  params: UmaRpGetRptParams,
): void {
  if (!isKeycloak(server) || hasIdentity(params)) return;
  const { client_id } = site.client;
  const key = JSON.stringify([server.issuer, client_id]);
  const { withoutIdentity } = runtime.uma;
  if (withoutIdentity.has(key)) return;
  withoutIdentity.add(key);
  log.warn(`getRpt() sent no user identity: Keycloak evaluates the service account ${REMEDY}`);
}

const REMEDY =
  "of the client, not the user. Pass the user's ID token as claim_token, or the user's access " +
  'token as params.subject_token.';

function hasIdentity({ claim_token, claim_token_format, params }: UmaRpGetRptParams): boolean {
  const idToken = claim_token_format === ID_TOKEN ? claim_token : undefined;
  return [idToken, params?.subject_token].some((token) => (token ?? '').trim() !== '');
}
