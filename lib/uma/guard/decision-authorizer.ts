import { Injectable, Logger } from '@nestjs/common';
import type { VerifiedAccessToken } from '../../access-token/access-token-verifier.js';
import { OxdClock } from '../../base/clock.js';
import { OxdCommandError } from '../../base/errors.js';
import { untilAborted } from '../../base/until-aborted.js';
import { CredentialError, readToken } from '../../http/bearer-token.js';
import { DenialLog } from '../../http/denial-log.js';
import { logContext } from '../../options/log-context.js';
import { OxdOptions } from '../../options/oxd.options.js';
import { CheckTimeLimit, checkLimit } from '../../routes/check-timeout.js';
import { shownResource, type UmaDeclaration } from '../declarations/declaration.js';
import { UmaService } from '../uma.service.js';
import type { AccessRequest } from './access-request.js';
import { CheckSubjects } from './check-subjects.js';
import { NamedFailures } from './named-failures.js';
import { ResourceCheck, type CheckOutcome } from './resource-check.js';
import { mergeRptContexts, type RptContext } from './rpt-context.js';
import { TokenAuthentication } from './token-authentication.js';
import {
  forbidden,
  serverUnreachable,
  type DeniedCheck,
  type UmaDecision,
} from './uma-decision.js';

type Outcome = CheckOutcome | DeniedCheck;

/** Token and time limit that the checks of a request share. */
interface Checking {
  readonly request: AccessRequest;
  readonly verified: VerifiedAccessToken;
  readonly limit: CheckTimeLimit;
}

/** Decides in mode `decision`: verifies the access token, then asks the authorization server. */
@Injectable()
export class DecisionAuthorizer {
  private readonly log: DenialLog;
  private readonly milliseconds: number;

  constructor(
    private readonly authentication: TokenAuthentication,
    private readonly subjects: CheckSubjects,
    private readonly failures: NamedFailures,
    private readonly resources: ResourceCheck,
    private readonly uma: UmaService,
    options: OxdOptions,
    private readonly clock: OxdClock,
  ) {
    this.milliseconds = checkLimit(options);
    this.log = new DenialLog(new Logger(logContext('UmaGuard', options)), clock);
  }

  /**
   * Decides on a request by the declarations of its route. Rejects with an error that a function of
   * the application throws.
   */
  async decide(required: readonly UmaDeclaration[], request: AccessRequest): Promise<UmaDecision> {
    const limit = new CheckTimeLimit(this.clock, this.milliseconds);
    try {
      const verified = await this.authenticated(request, limit);
      if ('denial' in verified) return this.deny(request.handler(), verified);
      return await this.decideAll(required, { request, verified, limit });
    } finally {
      limit.stop();
    }
  }

  private async authenticated(
    { rpt, source }: AccessRequest,
    limit: CheckTimeLimit,
  ): Promise<VerifiedAccessToken | DeniedCheck> {
    const token = await readToken(rpt);
    return token instanceof CredentialError
      ? this.authentication.invalidRequest(token.message)
      : this.authentication.authenticate(token, { source, limit });
  }

  private async decideAll(
    required: readonly UmaDeclaration[],
    checking: Checking,
  ): Promise<UmaDecision> {
    let rptContext: RptContext | undefined;
    for (const declaration of required) {
      const outcome = await this.check(declaration, checking);
      if ('denial' in outcome) {
        return this.deny(`${declaration.handler}, ${shownResource(declaration)}`, outcome);
      }
      rptContext = mergeRptContexts(rptContext, outcome.rptContext);
    }
    if (!rptContext) return forbidden();
    const { verified } = checking;
    return { granted: true, rptContext, verified };
  }

  private async check(declaration: UmaDeclaration, checking: Checking): Promise<Outcome> {
    const { request, verified, limit } = checking;
    const { params, context } = request;
    const subject = await this.subjects.of(declaration, { params, context, limit });
    if ('denial' in subject) return subject;
    const { revision } = this.failures;
    const asked = { mode: 'decision', rpt: verified.token, ...subject } as const;
    try {
      const result =
        this.uma.cachedAccess(asked) ??
        (await untilAborted(limit.begin().end, this.uma.checkVerified(asked, limit.begin())));
      return outcomeOf(result, verified);
    } catch (error) {
      if (error instanceof OxdCommandError && error.error === 'invalid_token') {
        return this.authentication.invalidToken(
          'the authorization server does not accept the token',
        );
      }
      return (
        this.failures.of(declaration, { error, subject, revision }) ??
        this.resources.failureOutcome(error)
      );
    }
  }

  private deny(place: string, denied: DeniedCheck): UmaDecision {
    this.log.denied(place, denied);
    return denied.denial;
  }
}

function outcomeOf(
  { access, permissions }: { readonly access: unknown; readonly permissions?: unknown },
  { sub }: VerifiedAccessToken,
): Outcome {
  if (access === 'granted') {
    return {
      rptContext: {
        ...(Array.isArray(permissions) && { permissions }),
        ...(sub !== undefined && { sub }),
      },
    };
  }
  if (access === 'denied') return { denial: forbidden(), reason: 'denied', isUsual: true };
  return { denial: serverUnreachable(), reason: 'the result is neither granted nor denied' };
}
