import { CredentialError, readToken } from '../http/bearer-token.js';
import type { OxdUserProfile } from '../oidc/user-profile.js';
import type { AccessRequest } from '../uma/guard/access-request.js';
import { UmaAuthorizer } from '../uma/guard/uma-authorizer.js';
import type { UmaDecision } from '../uma/guard/uma-decision.js';
import type { GrantDecisions } from './testing-grant.js';

/** Decisions of a test and their effects on a request. */
export interface TestDecisions {
  readonly grants: GrantDecisions;
  /** RPT that the transport of the test accepts. */
  readonly rpt: string;
  /** User of granted requests. */
  readonly user?: OxdUserProfile;
}

/**
 * Replaces the token of each granted request by one that the transport of the test accepts. Declarations,
 * credentials, registration and denials remain those of `UmaGuard`.
 */
export class TestingAuthorizer extends UmaAuthorizer {
  constructor(
    private readonly decisions: TestDecisions,
    ...dependencies: ConstructorParameters<typeof UmaAuthorizer>
  ) {
    super(...dependencies);
  }

  override async decide(request: AccessRequest): Promise<UmaDecision> {
    const { grants, user } = this.decisions;
    const isGranted = await grants.of(request.source);
    const rpt = () => this.rptOf(request, isGranted);
    const decision = await super.decide({ ...request, rpt });
    if (!decision.granted) return decision;
    if (isGranted) setUser(request.source, user);
    // The user of the test replaces that of the token.
    return { ...decision, verified: user ? undefined : decision.verified };
  }

  /** Reads the token of the request too, so that malformed credentials are rejected. */
  private async rptOf({ rpt }: AccessRequest, isGranted: boolean): Promise<string | undefined> {
    const given = await readToken(rpt);
    if (given instanceof CredentialError) throw given;
    return isGranted ? this.decisions.rpt : given;
  }
}

/** Sets `request.user`, unless a middleware of the application has set it. */
function setUser(request: { user?: unknown }, user: OxdUserProfile | undefined): void {
  request.user ??= user;
}
