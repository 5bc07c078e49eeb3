import type { OidcProvider, ProviderClient } from '../../provider/oidc-provider.js';
import { invalidRequest } from '../oauth-response.js';

/** Only supported format of claim tokens: an ID token of the sandbox. */
export const ID_TOKEN_FORMAT = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken';

/** Parameters that identify the requesting party. */
export interface IdentityParams {
  readonly claim_token?: string;
  readonly claim_token_format?: string;
  /** Access token of the user. */
  readonly subject_token?: string;
}

/**
 * Identifies the requesting party by an ID token or an access token issued to the same client.
 *
 * @returns the sub; undefined when the client sent no token
 * @throws {OAuthError} `invalid_request` when a token is invalid or two tokens differ in their user
 * @see UMA 2.0 Grant §3.3.1
 */
export async function requestingParty(
  provider: OidcProvider,
  client: ProviderClient,
  params: IdentityParams,
): Promise<string | undefined> {
  const { claim_token, claim_token_format } = params;
  if ((claim_token === undefined) !== (claim_token_format === undefined)) {
    throw invalidRequest('claim_token, claim_token_format: must be sent together.');
  }
  const subs = [
    await fromIdToken(provider, client, params),
    await fromAccessToken(provider, client, params),
  ].filter((sub) => sub !== undefined);
  if (new Set(subs).size > 1)
    throw invalidRequest('claim_token, subject_token: belong to different users.');
  return subs[0];
}

async function fromIdToken(
  provider: OidcProvider,
  client: ProviderClient,
  { claim_token, claim_token_format }: IdentityParams,
): Promise<string | undefined> {
  if (claim_token === undefined) return undefined;
  if (claim_token_format !== ID_TOKEN_FORMAT) {
    throw invalidRequest(`claim_token_format: must be ${ID_TOKEN_FORMAT}.`);
  }
  const verified = await provider.IdToken.validate(claim_token, client).catch(() => undefined);
  const { sub, exp = 0 } = verified?.payload ?? {};
  if (sub !== undefined && exp > Date.now() / 1000) return sub;
  throw invalidRequest('claim_token: is not a valid ID token of this client, or has expired.');
}

async function fromAccessToken(
  provider: OidcProvider,
  client: ProviderClient,
  { subject_token }: IdentityParams,
): Promise<string | undefined> {
  if (subject_token === undefined) return undefined;
  const token = await provider.AccessToken.find(subject_token);
  if (token?.accountId !== undefined && token.clientId === client.clientId) return token.accountId;
  throw invalidRequest(
    'subject_token: is not a valid access token of a user, issued to this client.',
  );
}
