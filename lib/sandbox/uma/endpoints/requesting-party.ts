import type { OidcProvider, ProviderClient } from '../../provider/oidc-provider.js';
import { invalidRequest } from '../oauth-response.js';

/** The only format of claim tokens: an id_token of the sandbox. */
export const ID_TOKEN_FORMAT = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken';

/** Parameters that tell who the requesting party is. */
export interface IdentityParams {
  readonly claim_token?: string;
  readonly claim_token_format?: string;
  /** An access token of the user. */
  readonly subject_token?: string;
}

/**
 * The user that a client says it acts for, by an id_token or an access token that was issued to
 * that very client.
 *
 * @returns the sub; undefined where the client says nothing
 * @throws {Refusal} `invalid_request` when a token is not good, or two are of different users
 * @see UMA 2.0 Grant §3.3.1
 */
export async function requestingParty(
  provider: OidcProvider,
  client: ProviderClient,
  params: IdentityParams,
): Promise<string | undefined> {
  const { claim_token, claim_token_format } = params;
  if ((claim_token === undefined) !== (claim_token_format === undefined)) {
    throw invalidRequest('claim_token and claim_token_format: each needs the other.');
  }
  const subs = [
    await fromIdToken(provider, client, params),
    await fromAccessToken(provider, client, params),
  ].filter((sub) => sub !== undefined);
  if (new Set(subs).size > 1) throw invalidRequest('claim_token, subject_token: of two users.');
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
  throw invalidRequest('claim_token: is no id_token of this client, or is too old.');
}

async function fromAccessToken(
  provider: OidcProvider,
  client: ProviderClient,
  { subject_token }: IdentityParams,
): Promise<string | undefined> {
  if (subject_token === undefined) return undefined;
  const token = await provider.AccessToken.find(subject_token);
  if (token?.accountId !== undefined && token.clientId === client.clientId) return token.accountId;
  throw invalidRequest('subject_token: is no access token of a user of this client.');
}
