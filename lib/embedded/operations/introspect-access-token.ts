import { tokenIntrospection } from 'openid-client';
import { whenAvailable } from '../../base/pending.js';
import type { Params } from '../../commands/command.js';
import type { IntrospectAccessTokenResult } from '../../commands/oidc.js';
import { accessTokenCheck } from '../access-token/access-token-check.js';
import { verifiedClaims, type Verification } from '../access-token/verified-claims.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import { withKnownSite } from '../context/current-records.js';
import type { Operation, OperationContext } from '../context/operation-context.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { withoutUndefined } from '../../base/json.js';

/**
 * Introspects an access token. `active` must be a boolean; for an inactive token no other claim is
 * returned. With a parameter that only embedded has, the token is verified as an access token for this
 * API.
 *
 * @see oxd command introspect_access_token; RFC 7662 §2, RFC 9068 §4
 */
export const introspectAccessToken: Operation<'introspect_access_token'> = (context, params) => {
  const { audience, introspection, anyAudience } = params;
  const isVerified = audience ?? introspection ?? anyAudience;
  const work = isVerified === undefined ? introspected : verified;
  return withKnownSite(context, params.oxd_id, (site) => work(context, site, params));
};

function verified(
  context: OperationContext,
  site: RegisteredSite,
  params: Params<'introspect_access_token'>,
): Promise<IntrospectAccessTokenResult> {
  const result = whenAvailable(context.provider(site), (provider) =>
    verifiedClaims(context, accessTokenCheck(context, { site, provider }, params)),
  );
  return Promise.resolve(result).then((verification) => resultOf(context, verification));
}

function resultOf(
  context: OperationContext,
  verification: Verification,
): IntrospectAccessTokenResult {
  if ('claims' in verification) return { active: true, claims: verification.claims };
  const { reason } = verification;
  context.log.debug?.(`${context.call.command}: the token is not active: ${reason}.`);
  return { active: false, reason };
}

async function introspected(
  context: OperationContext,
  site: RegisteredSite,
  { access_token: token }: Params<'introspect_access_token'>,
): Promise<IntrospectAccessTokenResult> {
  const provider = await context.provider(site);
  const configuration = clientConfiguration(context, {
    provider,
    client: site.client,
    idempotent: true,
  });
  const hint = { token_type_hint: 'access_token' };
  const response = await tokenIntrospection(configuration, token, hint);
  if (!response.active) return { active: false };
  const { client_id, username, token_type, sub, aud, iss, jti, exp, iat, scope } = response;
  const { acr_values } = response as IntrospectAccessTokenResult;
  const active = true;
  const times = { exp, iat };
  const identity = { client_id, username, token_type, sub, aud, iss, jti, acr_values, scope };
  return withoutUndefined({ active, ...identity, ...times });
}
