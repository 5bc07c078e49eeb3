import { errors, type JWTVerifyResult } from 'jose';
import { isAccessTokenType } from '../../commands/access-token-rules.js';
import type { OperationContext } from '../context/operation-context.js';
import { isJwksFailure } from '../jwt/issuer-keys.js';
import { rejectionReason, verifyWith } from '../jwt/verified-jwt.js';
import { OperationError } from '../requests/operation-error.js';
import type { AccessTokenCheck } from './access-token-check.js';

/** Rejected access token. */
export interface Rejection {
  /** Reason for a log, without values of the token; its subject is the token ("it …"). */
  readonly reason: string;
}

/**
 * Verifies signature, issuer and times of a JWT access token, and its header. An unknown key is looked
 * up, at most once in 30 s.
 *
 * @throws {OperationError} when the keys are unavailable: the token may be valid
 * @see RFC 9068 §4, RFC 8725 §3
 */
export function verifyAccessToken(
  context: OperationContext,
  { token, site, provider, rules }: AccessTokenCheck,
): Promise<JWTVerifyResult | Rejection> {
  const { issuer } = provider.metadata;
  const { clockTolerance } = rules;
  const jwt = {
    token,
    site,
    issuer,
    clockTolerance,
    requiredClaims: REQUIRED,
    listedAlgsOnly: true,
  };
  const { accessTokenKeys: lookups } = context.runtime;
  return verifyWith(context, jwt, { provider, lookups }).then(
    (verified) => {
      const reason = headerProblem(verified.protectedHeader);
      return reason === undefined ? verified : { reason };
    },
    (error: unknown) => {
      if (error instanceof errors.JWKSNoMatchingKey) return unknownKey(context, issuer);
      if (error instanceof errors.JOSEError && !isJwksFailure(error)) {
        return { reason: rejectionReason(error) };
      }
      lookups.recordFailure(issuer);
      throw error;
    },
  );
}

/** jose accepts a JWT without `exp` unless it is required. */
const REQUIRED = ['exp'];

/** Rejects the token, except while it is unknown if the provider has the key. */
function unknownKey({ runtime }: OperationContext, issuer: string): Rejection {
  if (!runtime.accessTokenKeys.isCoolingDown(issuer)) return { reason: UNKNOWN_KEY };
  const message = 'The key of the access token is unknown, and the keys are unavailable.';
  throw new OperationError('key_id_not_found', message);
}

const UNKNOWN_KEY = 'the provider has no key with its kid for its alg';

function headerProblem({ typ, crit, cty }: JWTVerifyResult['protectedHeader']): string | undefined {
  const isJwt = typ !== undefined && /^JWT$/i.test(typ);
  if (!isJwt && !isAccessTokenType(typ)) return 'its header typ is not at+jwt or JWT';
  if (crit !== undefined) return 'its header has crit';
  return cty === undefined ? undefined : 'its header has cty, as that of a nested JWT';
}
