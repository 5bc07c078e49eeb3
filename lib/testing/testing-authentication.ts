import type { VerifiedAccessToken } from '../access-token/access-token-verifier.js';
import { MAX_RPT_LENGTH } from '../base/limits.js';
import {
  TokenAuthentication,
  type AuthenticatedRequest,
} from '../uma/guard/token-authentication.js';
import type { DeniedCheck } from '../uma/guard/uma-decision.js';
import type { TestDecisions } from './testing-authorizer.js';

/** Accepts every access token in mode `decision` as one of the user of the test. */
export class TestingAuthentication extends TokenAuthentication {
  constructor(
    private readonly test: TestDecisions,
    ...dependencies: ConstructorParameters<typeof TokenAuthentication>
  ) {
    super(...dependencies);
  }

  override async authenticate(
    token: string | undefined,
    request: AuthenticatedRequest,
  ): Promise<VerifiedAccessToken | DeniedCheck> {
    if (token === undefined || token.length > MAX_RPT_LENGTH) {
      return super.authenticate(token, request);
    }
    const { sub, claims = {} } = this.test.user ?? {};
    return { token, sub, claims, scopes: new Set() };
  }
}
