import { Injectable, Logger } from '@nestjs/common';
import { OxdClock } from '../../base/clock.js';
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
import { ResourceCheck } from './resource-check.js';
import type { AccessRequest } from './access-request.js';
import { CredentialError, checkedToken } from '../../http/bearer-token.js';
import { DecisionAuthorizer } from './decision-authorizer.js';
import {
  forbidden,
  invalidCredentials,
  type DeniedCheck,
  type UmaDecision,
} from './uma-decision.js';
import { UmaRouteTable } from '../declarations/declared-route.js';

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

  /** Decides on a request. Rejects with an error that `uma.paths` or `extractRpt()` throws. */
  decide(request: AccessRequest): UmaDecision | Promise<UmaDecision> {
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

  private async check(
    required: readonly UmaDeclaration[],
    request: AccessRequest,
  ): Promise<UmaDecision> {
    const rpt = await this.readRpt(request);
    if (rpt instanceof CredentialError) {
      return this.deny(request.handler(), { denial: invalidCredentials(), reason: rpt.message });
    }
    const { params, context } = request;
    const limit = new CheckTimeLimit(this.clock, this.limit);
    const contexts: RptContext[] = [];
    try {
      for (const declaration of required) {
        const outcome = await this.resources.check(declaration, { rpt, params, context, limit });
        if ('denial' in outcome) {
          return this.deny(`${declaration.handler}, ${shownResource(declaration)}`, outcome);
        }
        contexts.push(outcome.rptContext);
      }
    } finally {
      limit.stop();
    }
    return { granted: true, rptContext: mergeRptContexts(contexts) };
  }

  /** Reads the RPT; an RPT that is too long counts as none, so that the client gets a ticket. */
  private async readRpt(request: AccessRequest): Promise<string | undefined | CredentialError> {
    try {
      const token = await request.rpt();
      const rpt = token ? checkedToken(token) : undefined;
      if (rpt === undefined || rpt.length <= MAX_RPT_LENGTH) return rpt;
    } catch (error) {
      if (error instanceof CredentialError) return error;
      throw error;
    }
    const handler = request.handler();
    this.log.warn(`${handler}: ignored an RPT of more than ${MAX_RPT_LENGTH} characters`);
    return undefined;
  }

  private deny(place: string, { denial, reason }: DeniedCheck): UmaDecision {
    this.log.denied(place, { denial, reason, isUsual: denial.status === 401 });
    return denial;
  }
}
