import type { OxdUserProfile } from '../oidc/user-profile.js';
import { UmaAuthorizer, type AccessRequest } from '../uma/guard/uma-authorizer.js';
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
 * Replaces the RPT of each request by one that the grant of the test decides on. Declarations,
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
    if (decision.granted && isGranted) setUser(request.source, user);
    return decision;
  }

  /** Reads the RPT of the request too, so that malformed credentials are rejected. */
  private async rptOf({ rpt }: AccessRequest, isGranted: boolean): Promise<string | undefined> {
    await rpt();
    return isGranted ? this.decisions.rpt : undefined;
  }
}

/** Sets `request.user`, unless a middleware of the application has set it. */
function setUser(request: { user?: unknown }, user: OxdUserProfile | undefined): void {
  request.user ??= user;
}
