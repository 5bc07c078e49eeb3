import { Injectable, Logger } from '@nestjs/common';
import { OxdClock } from '../../base/clock.js';
import { whenAvailable, type Pending } from '../../base/pending.js';
import { logContext } from '../../options/log-context.js';
import { OxdOptions } from '../../options/oxd.options.js';
import { MAX_RPT_LENGTH } from '../../base/limits.js';
import { CheckTimeLimit, checkLimit } from '../../routes/check-timeout.js';
import { shownResource, type UmaDeclaration } from '../declarations/declaration.js';
import { mergeRptContexts, type RptContext } from './rpt-context.js';
import { DenialLog } from '../../http/denial-log.js';
import { ResourceCheck, type AuthorizationInput, type CheckOutcome } from './resource-check.js';
import type { AccessRequest } from './access-request.js';
import { CredentialError, readToken } from '../../http/bearer-token.js';
import { DecisionAuthorizer } from './decision-authorizer.js';
import {
  forbidden,
  invalidCredentials,
  type DeniedCheck,
  type UmaDecision,
} from './uma-decision.js';
import { UmaRouteTable } from '../declarations/declared-route.js';

/** Checks of the declarations of a request. */
interface Checks extends AuthorizationInput {
  readonly required: readonly UmaDeclaration[];
  /** Merged contexts of the declarations that were checked before. */
  readonly earlier?: RptContext;
}

/** Decides on requests; the guard turns a decision into a response. */
@Injectable()
export class UmaAuthorizer {
  /** Name of the module in messages. */
  readonly module: string;
  private readonly log: DenialLog;
  private readonly limit: number;

  constructor(
    private readonly routes: UmaRouteTable,
    private readonly resources: ResourceCheck,
    options: OxdOptions,
    private readonly clock: OxdClock,
    private readonly serverDecisions: DecisionAuthorizer,
  ) {
    this.module = `OxdModule "${options.name}"`;
    this.limit = checkLimit(options);
    this.log = new DenialLog(new Logger(logContext('UmaGuard', options)), clock);
  }

  /** Decides on a request. Throws or rejects with an error that `uma.paths` or `extractRpt()` throws. */
  decide(request: AccessRequest): Pending<UmaDecision> {
    const route = this.routes.find(request.route);
    if (!route) {
      this.log.once(`${request.handler()} is behind UmaGuard without @UmaProtected or @UmaPublic.`);
      return forbidden();
    }
    if (route.isPublic) return { granted: true, rptContext: {} };
    const required = route.required.get(request.method);
    if (!required) {
      this.log.warn(`${route.handler} is not declared for this method: 403 UMA_FORBIDDEN`);
      return forbidden();
    }
    if (required[0]?.mode === 'decision') return this.serverDecisions.decide(required, request);
    return whenAvailable(readToken(request.rpt), (token): Pending<UmaDecision> => {
      const { handler, params, context } = request;
      if (token instanceof CredentialError) {
        return this.deny(handler(), { denial: invalidCredentials(), reason: token.message });
      }
      const isTooLong = token !== undefined && token.length > MAX_RPT_LENGTH;
      const rpt = isTooLong ? this.ignored(handler) : token;
      const limit = new CheckTimeLimit(this.clock, this.limit);
      return this.check(0, { required, rpt, params, context, limit });
    });
  }

  /** Denies a call of a context type other than HTTP, for which no check exists. */
  denyNonHttp(handler: string, type: string): false {
    this.log.once(
      `${handler} is behind UmaGuard, which protects HTTP only, not ${type}: denied. Open it with ` +
        '@UmaPublic() if it needs no protection.',
    );
    return false;
  }

  /** An RPT that is too long counts as none, so that the client gets a ticket. */
  private ignored(handler: () => string): undefined {
    this.log.warn(`${handler()}: ignored an RPT of more than ${MAX_RPT_LENGTH} characters`);
    return undefined;
  }

  /** Checks the declarations from an index on, one after the other. */
  private check(index: number, checks: Checks): Pending<UmaDecision> {
    const { required, limit } = checks;
    const declaration = required[index];
    if (!declaration) return forbidden();
    const proceed = (outcome: CheckOutcome): Pending<UmaDecision> => {
      const isLast = 'denial' in outcome || index + 1 === required.length;
      if (isLast) limit.stop();
      if ('denial' in outcome) {
        return this.deny(`${declaration.handler}, ${shownResource(declaration)}`, outcome);
      }
      const rptContext = mergeRptContexts(checks.earlier, outcome.rptContext);
      return isLast
        ? { granted: true, rptContext }
        : this.check(index + 1, Object.assign({}, checks, { earlier: rptContext }));
    };
    const fail = (error: unknown): never => {
      limit.stop();
      throw error;
    };
    // The limit is stopped by two handlers: `finally` of an async function costs memory per request.
    return whenAvailable(this.resources.check(declaration, checks), proceed, fail);
  }

  private deny(place: string, { denial, reason }: DeniedCheck): UmaDecision {
    this.log.denied(place, { denial, reason, isUsual: denial.status === 401 });
    return denial;
  }
}
