import type { ExecutionContext } from '@nestjs/common';
import type { VerifiedAccessToken } from '../../access-token/access-token-verifier.js';
import type { OxdClock } from '../../base/clock.js';
import { isPromiseLike, type Pending } from '../../base/pending.js';
import { BearerDenials, type BearerDenial } from '../../http/bearer-denial.js';
import { RETRY_DELAY } from '../../http/denial.js';
import type { OxdOptions } from '../../options/oxd.options.js';
import { CheckTimeoutError } from '../../routes/check-timeout.js';
import { withFunctionLimit } from '../../routes/function-limit.js';
import type { BearerRequirement } from '../declarations/bearer-requirement.js';
import { areScopes } from '../declarations/bearer-rules.js';
import { missingRole } from './role-check.js';
import { missingAuthentication } from './step-up-check.js';

/** Denial with its reason for the log. */
export interface DeniedCheck {
  readonly denial: BearerDenial;
  readonly reason: string;
}

/** Compares a verified token with the requirements of a route. */
export class RequirementCheck {
  private readonly denials: BearerDenials;

  constructor(
    private readonly options: OxdOptions,
    private readonly clock: OxdClock,
  ) {
    this.denials = new BearerDenials(options);
  }

  /**
   * Checks scopes, then roles, then the authentication of the user. Synchronous unless the route has
   * an asynchronous function of scopes, whose errors it throws or rejects with.
   *
   * @returns undefined if the token suffices
   */
  check(
    requirement: BearerRequirement,
    token: VerifiedAccessToken,
    context: ExecutionContext,
  ): Pending<DeniedCheck | undefined> {
    const { scopes, scopesOf } = requirement;
    if (!scopesOf) return this.compare(scopes, requirement, token);
    const required: Pending<unknown> = scopesOf(context);
    if (!isPromiseLike(required)) return this.compareReturned(required, requirement, token);
    return this.compareLater(required, requirement, token);
  }

  private async compareLater(
    required: PromiseLike<unknown>,
    requirement: BearerRequirement,
    token: VerifiedAccessToken,
  ): Promise<DeniedCheck | undefined> {
    try {
      const scopes = await withFunctionLimit(this.clock, async () => required);
      return this.compareReturned(scopes, requirement, token);
    } catch (error) {
      if (!(error instanceof CheckTimeoutError)) throw error;
      const denial = this.denials.unavailable(RETRY_DELAY);
      return { denial, reason: `function of scopes: ${error.message}` };
    }
  }

  private compareReturned(
    scopes: unknown,
    requirement: BearerRequirement,
    token: VerifiedAccessToken,
  ): DeniedCheck | undefined {
    if (areScopes(scopes)) return this.compare(scopes, requirement, token);
    const reason = 'the function of scopes returned no list of scopes';
    return { denial: this.denials.forbidden(), reason };
  }

  private compare(
    scopes: readonly string[],
    requirement: BearerRequirement,
    { scopes: granted, claims }: VerifiedAccessToken,
  ): DeniedCheck | undefined {
    if (!scopes.every((scope) => granted.has(scope))) {
      const reason = `the token lacks one of the scopes ${scopes.join(' ')}`;
      return { denial: this.denials.insufficientScope(scopes), reason };
    }
    return this.lacksRole(requirement, claims) ?? this.lacksAuthentication(requirement, claims);
  }

  private lacksRole(
    { roles }: BearerRequirement,
    claims: VerifiedAccessToken['claims'],
  ): DeniedCheck | undefined {
    const reason = roles && missingRole(roles, claims, this.options.bearer.roles);
    return reason === undefined ? undefined : { denial: this.denials.insufficientRole(), reason };
  }

  private lacksAuthentication(
    requirement: BearerRequirement,
    claims: VerifiedAccessToken['claims'],
  ): DeniedCheck | undefined {
    const { acr_values, max_age } = requirement;
    if (!acr_values && max_age === undefined) return undefined;
    const time = { now: this.clock.now(), tolerance: this.options.bearer.clockTolerance };
    const reason = missingAuthentication(requirement, claims, time);
    if (reason === undefined) return undefined;
    return { denial: this.denials.stepUpRequired({ acr_values, max_age }), reason };
  }
}
