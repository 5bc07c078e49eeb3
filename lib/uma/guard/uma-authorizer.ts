import { Injectable, Logger } from '@nestjs/common';
import { OxdClock } from '../../base/clock.js';
import { isPromiseLike, whenAvailable, type Pending } from '../../base/pending.js';
import { logContext } from '../../options/log-context.js';
import { OxdOptions } from '../../options/oxd.options.js';
import { MAX_RPT_LENGTH } from '../../base/limits.js';
import { CheckTimeLimit, checkLimit } from '../../routes/check-timeout.js';
import {
  effectiveMethod,
  shownResource,
  type UmaDeclaration,
} from '../declarations/declaration.js';
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
  /** Results of the checks so far. */
  readonly contexts: RptContext[];
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
    const required = route.required.get(effectiveMethod(request.method));
    if (required?.[0]?.mode === 'decision') return this.serverDecisions.decide(required, request);
    if (required) return this.check(required, request);
    this.log.warn(`${route.handler} is not declared for this method: 403 UMA_FORBIDDEN`);
    return forbidden();
  }

  /** Denies a call of a context type other than HTTP, for which no check exists. */
  denyNonHttp(handler: string, type: string): false {
    this.log.once(
      `${handler} is behind UmaGuard, which protects HTTP only, not ${type}: denied. Open it with ` +
        '@UmaPublic() if it needs no protection.',
    );
    return false;
  }

  private check(required: readonly UmaDeclaration[], request: AccessRequest): Pending<UmaDecision> {
    return whenAvailable(readToken(request.rpt), (token) => {
      const handler = request.handler;
      if (token instanceof CredentialError) {
        return this.deny(handler(), { denial: invalidCredentials(), reason: token.message });
      }
      const rpt = this.shortEnough(token, handler);
      const limit = new CheckTimeLimit(this.clock, this.limit);
      const { params, context } = request;
      const decision = this.checkFrom(0, { required, rpt, params, context, limit, contexts: [] });
      return isPromiseLike(decision) ? stopAfter(decision, limit) : decision;
    });
  }

  /** An RPT that is too long counts as none, so that the client gets a ticket. */
  private shortEnough(rpt: string | undefined, handler: () => string): string | undefined {
    if (rpt === undefined || rpt.length <= MAX_RPT_LENGTH) return rpt;
    this.log.warn(`${handler()}: ignored an RPT of more than ${MAX_RPT_LENGTH} characters`);
    return undefined;
  }

  /** Checks the declarations from an index on, one after the other. */
  private checkFrom(index: number, checks: Checks): Pending<UmaDecision> {
    const { required, contexts } = checks;
    const declaration = required[index];
    if (!declaration) return { granted: true, rptContext: mergeRptContexts(contexts) };
    return whenAvailable(this.resources.check(declaration, checks), (outcome: CheckOutcome) => {
      if ('denial' in outcome) {
        return this.deny(`${declaration.handler}, ${shownResource(declaration)}`, outcome);
      }
      contexts.push(outcome.rptContext);
      return this.checkFrom(index + 1, checks);
    });
  }

  private deny(place: string, { denial, reason }: DeniedCheck): UmaDecision {
    this.log.denied(place, { denial, reason, isUsual: denial.status === 401 });
    return denial;
  }
}

async function stopAfter<T>(work: PromiseLike<T>, limit: CheckTimeLimit): Promise<T> {
  try {
    return await work;
  } finally {
    limit.stop();
  }
}
