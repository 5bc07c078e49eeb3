import { Injectable } from '@nestjs/common';
import {
  AccessTokenVerifier,
  type VerifiedAccessToken,
} from '../../access-token/access-token-verifier.js';
import { MAX_RPT_LENGTH } from '../../base/limits.js';
import { withoutValues } from '../../base/hidden-values.js';
import { untilAborted } from '../../base/until-aborted.js';
import { BearerDenials } from '../../http/bearer-denial.js';
import { RETRY_DELAY } from '../../http/denial.js';
import { failureReason } from '../../base/failure-reason.js';
import { OxdOptions } from '../../options/oxd.options.js';
import type { CheckTimeLimit } from '../../routes/check-timeout.js';
import type { DeniedCheck } from './uma-decision.js';

/** Time limit of a request, and the request of the platform. */
export interface AuthenticatedRequest {
  readonly source: object;
  readonly limit: CheckTimeLimit;
}

/**
 * Verifies the access token of a request in decision mode, before it is sent anywhere. Denials are the
 * Bearer responses of RFC 6750.
 */
@Injectable()
export class TokenAuthentication {
  private readonly denials: BearerDenials;

  constructor(
    private readonly verifier: AccessTokenVerifier,
    options: OxdOptions,
  ) {
    this.denials = new BearerDenials(options);
  }

  /** Returns the verified token, or a denial; every failure is a denial. */
  async authenticate(
    token: string | undefined,
    request: AuthenticatedRequest,
  ): Promise<VerifiedAccessToken | DeniedCheck> {
    if (token === undefined) {
      return { denial: this.denials.tokenRequired(), reason: 'no access token', isUsual: true };
    }
    if (token.length > MAX_RPT_LENGTH) {
      return this.invalidRequest(`a token of more than ${MAX_RPT_LENGTH} characters`);
    }
    const cached = this.verifier.cached(token, 'decision');
    return cached ?? this.verify(token, request);
  }

  /** Denial for several or malformed credentials. */
  invalidRequest(reason: string): DeniedCheck {
    return { denial: this.denials.invalidRequest(), reason };
  }

  /** Denial for a token that is not valid; `kind` limits the log. */
  invalidToken(reason: string): DeniedCheck {
    return { denial: this.denials.invalidToken(), reason, kind: reason };
  }

  private async verify(
    token: string,
    { source, limit }: AuthenticatedRequest,
  ): Promise<VerifiedAccessToken | DeniedCheck> {
    try {
      const verification = this.verifier.verify(source, token, 'decision');
      const outcome = await untilAborted(limit.begin().end, verification);
      if (!('rejected' in outcome)) return outcome;
      return this.invalidToken(`rejected token: ${outcome.rejected}`);
    } catch (error) {
      const reason = withoutValues(failureReason(error), [token]);
      return { denial: this.denials.unavailable(RETRY_DELAY), reason };
    }
  }
}
