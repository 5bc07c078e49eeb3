import type { VerifiedAccessToken } from '../access-token/access-token-verifier.js';
import { whenAvailable, type Pending } from '../base/pending.js';
import type { BearerRequirement } from '../bearer/declarations/bearer-requirement.js';
import {
  BearerAuthorizer,
  type BearerDecision,
  type BearerRequest,
} from '../bearer/guard/bearer-authorizer.js';
import type { TestDecisions } from './testing-authorizer.js';

/**
 * Grants each request that the test grants, whatever its token, and verifies the tokens of other
 * requests, which the transport of the test rejects. Declarations, credentials and denials remain those
 * of `BearerGuard`.
 */
export class TestingBearerAuthorizer extends BearerAuthorizer {
  constructor(
    private readonly decisions: TestDecisions,
    ...dependencies: ConstructorParameters<typeof BearerAuthorizer>
  ) {
    super(...dependencies);
  }

  protected override authorize(
    requirement: BearerRequirement,
    request: BearerRequest,
    token: string | undefined,
  ): Pending<BearerDecision> {
    const { grants, user } = this.decisions;
    return whenAvailable(grants.of(request.source), (isGranted): Pending<BearerDecision> => {
      if (!isGranted) return super.authorize(requirement, request, token);
      return user ? verified(user) : 'public';
    });
  }
}

function verified({
  sub,
  claims,
  tokens,
}: NonNullable<TestDecisions['user']>): VerifiedAccessToken {
  return { token: tokens.access_token, sub, claims, scopes: new Set() };
}
