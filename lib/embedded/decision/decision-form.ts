import { UMA_GRANT_TYPE } from '../../base/uma-tokens.js';
import type { DecisionRequest } from '../context/decisions.js';
import { OperationError } from '../requests/operation-error.js';

/** Format of pushed claims: base64url JSON of lists of strings (Keycloak). */
const CLAIMS_FORMAT = 'urn:ietf:params:oauth:token-type:jwt';

/**
 * Longest form parameter, in characters. Some versions of Keycloak ignore a longer one: without
 * `subject_token` they evaluate the service account of the client.
 */
const MAX_PARAMETER_LENGTH = 4000;

/** Ids that Keycloak would read as something else: it splits at `#`, and has prefixes for types. */
const AMBIGUOUS_ID = /#|^resource-type/;

/** Scopes that Keycloak would split, or not recognize. */
const AMBIGUOUS_SCOPE = /[#,]|^\s|\s$|^$/;

/**
 * Builds the form of a decision request; `submit_request` is explicit, because Keycloak may submit a
 * denied request to the owner of the resource.
 *
 * @param audience `client_id` of the resource server
 * @throws {OperationError} `bad_request` for a value that Keycloak would misread
 * @see Keycloak, Authorization Services: Obtaining Permissions
 */
export function decisionForm(audience: string, request: DecisionRequest): string {
  const { token, claims } = request;
  const parameters: Record<string, string> = {
    grant_type: UMA_GRANT_TYPE,
    audience,
    permission: permissionOf(request),
    response_mode: listsPermissions(request) ? 'permissions' : 'decision',
    submit_request: 'false',
  };
  if (claims) {
    // Keycloak rejects pushed claims with the token of a public client as Bearer.
    parameters.subject_token = token;
    parameters.claim_token = Buffer.from(JSON.stringify(claims)).toString('base64url');
    parameters.claim_token_format = CLAIMS_FORMAT;
  }
  return Object.entries(parameters).map(encoded).join('&');
}

/** Encodes one parameter; `URLSearchParams` takes several times as long. */
function encoded([name, value]: readonly [string, string]): string {
  if (value.length <= MAX_PARAMETER_LENGTH) {
    return `${name}=${encodeURIComponent(value.toWellFormed())}`;
  }
  throw unfit(`${name}: is longer than ${MAX_PARAMETER_LENGTH} characters.`);
}

/**
 * True if a request needs a list of permissions: Keycloak's decision is positive as soon as one scope
 * is granted, so it proves neither several scopes nor the whole resource.
 */
export function listsPermissions({ scopes, requiredScopes }: DecisionRequest): boolean {
  return scopes.length === 0 || (scopes.length > 1 && requiredScopes === 'all');
}

function permissionOf({ resource_id, scopes }: DecisionRequest): string {
  if (AMBIGUOUS_ID.test(resource_id)) throw unfit('The id of the resource must not contain "#".');
  if (scopes.some((scope) => AMBIGUOUS_SCOPE.test(scope))) {
    throw unfit('scopes: must be names without "#", comma and outer blanks in decision mode.');
  }
  return scopes.length === 0 ? resource_id : `${resource_id}#${scopes.join(',')}`;
}

function unfit(message: string): OperationError {
  return new OperationError('bad_request', message);
}
