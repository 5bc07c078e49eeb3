import { UMA_GRANT_TYPE } from '../../base/uma-tokens.js';

/** Error response of an authorization server. */
export interface RejectedRequest {
  readonly status: number;
  readonly error?: string;
}

const CREDENTIALS =
  'Check site.client_id and site.client_secret. Keycloak: enable client authentication and the ' +
  'service account of the client.';
const GRANT =
  'Allow the client the grant client_credentials; a client that is registered dynamically needs it ' +
  'in site.grant_types.';
const RESOURCE_SERVER =
  'Keycloak: enable authorization in the settings of the client; a client that is registered ' +
  `dynamically needs ${UMA_GRANT_TYPE} in site.grant_types.`;
const REMOTE_MANAGEMENT =
  'Keycloak: switch on remote resource management in the authorization settings of the client.';
const PAT_RIGHTS =
  'Allow the client the scope uma_protection. Keycloak: assign the role of this name to the service ' +
  'account, and disable lightweight access tokens.';

/** Causes that the error code of the authorization server names. */
const ADVICE_BY_CODE: Readonly<Record<string, string>> = {
  invalid_client: CREDENTIALS,
  unsupported_grant_type: GRANT,
  invalid_scope: PAT_RIGHTS,
  insufficient_scope: PAT_RIGHTS,
  invalid_clientId: RESOURCE_SERVER,
  not_supported: REMOTE_MANAGEMENT,
};

/** Statuses of a rejected PAT: 401 by RFC 6750, 403 by Keycloak, 406 by Gluu. */
const PAT_REJECTED = [401, 403, 406];

/** True for a response that rejects the PAT or other client credentials. */
export function isPatRejection({ status }: RejectedRequest): boolean {
  return PAT_REJECTED.includes(status);
}

/** Advice after a rejected request for a PAT; empty after a failure of the server. */
export function tokenAdvice({ status, error = '' }: RejectedRequest): string {
  if (status < 400 || status >= 500) return '';
  // Keycloak returns unauthorized_client with 401 for a wrong secret.
  return ownAdvice(error) ?? (status === 401 ? CREDENTIALS : GRANT);
}

/** Advice after a rejected request to the protection API; empty if the cause is unknown. */
export function protectionAdvice({ status, error = '' }: RejectedRequest): string {
  return ownAdvice(error) ?? (isPatRejection({ status }) ? PAT_RIGHTS : '');
}

/** Advice after a rejected request for a decision; empty if the cause is unknown. */
export function decisionAdvice({ status, error = '' }: RejectedRequest): string {
  if (error === 'invalid_request') return RESOURCE_SERVER;
  return status === 401 ? CREDENTIALS : '';
}

function ownAdvice(error: string): string | undefined {
  return Object.hasOwn(ADVICE_BY_CODE, error) ? ADVICE_BY_CODE[error] : undefined;
}
