import type { AccessTokenRules } from '../../commands/access-token-rules.js';
import type { IntrospectAccessTokenParams } from '../../commands/oidc.js';
import { CLOCK_TOLERANCE } from '../../base/limits.js';
import type { OperationContext } from '../context/operation-context.js';
import type { Provider } from '../provider/provider.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { OperationError } from '../requests/operation-error.js';

type Params = IntrospectAccessTokenParams;

/** Access token, and what its verification expects. */
export interface AccessTokenCheck {
  readonly token: string;
  readonly site: RegisteredSite;
  readonly provider: Provider;
  readonly introspection: NonNullable<Params['introspection']>;
  readonly rules: AccessTokenRules;
}

/** Site whose client and provider decide about a token. */
export type TokenSite = Pick<AccessTokenCheck, 'site' | 'provider'>;

/**
 * Check that parameters of `introspect_access_token` describe.
 *
 * @throws {OperationError} `bad_request` for an unknown value of `introspection`
 */
export function accessTokenCheck(
  { runtime: { clock, options } }: OperationContext,
  { site, provider }: TokenSite,
  { access_token: token, audience = [], introspection = 'opaque', anyAudience }: Params,
): AccessTokenCheck {
  if (!INTROSPECTIONS.includes(introspection))
    throw new OperationError('bad_request', INTROSPECTION);
  const { issuer } = provider.metadata;
  const { clockTolerance = CLOCK_TOLERANCE * 1000 } = options;
  const expected = audience.length > 0 ? audience : [site.client.client_id];
  const rules = {
    audience: anyAudience ? undefined : expected,
    isIssuer: (iss: string) => iss === issuer,
    now: clock() / 1000,
    clockTolerance: clockTolerance / 1000,
  };
  return { token, site, provider, introspection, rules };
}

const INTROSPECTIONS: readonly string[] = ['opaque', 'always', 'never'];
const INTROSPECTION = 'introspection: must be opaque, always or never.';
