import { Injectable, Logger, type ExecutionContext } from '@nestjs/common';
import {
  AccessTokenVerifier,
  type RejectedAccessToken,
  type VerifiedAccessToken,
} from '../../access-token/access-token-verifier.js';
import { OxdClock } from '../../base/clock.js';
import { MAX_RPT_LENGTH } from '../../base/limits.js';
import { isPromiseLike, whenAvailable, type Pending } from '../../base/pending.js';
import { BearerDenials, type BearerDenial } from '../../http/bearer-denial.js';
import { CredentialError, readToken } from '../../http/bearer-token.js';
import { RETRY_DELAY } from '../../http/denial.js';
import { DenialLog } from '../../http/denial-log.js';
import { failureReason } from '../../base/failure-reason.js';
import { logContext } from '../../options/log-context.js';
import { OxdOptions } from '../../options/oxd.options.js';
import { handlerOf } from '../../routes/guarded-request.js';
import type { BearerRequirement } from '../declarations/bearer-requirement.js';
import { BearerRouteTable } from './bearer-route-table.js';
import { RequirementCheck, type DeniedCheck } from './requirement-check.js';

/** Parts of a request on which access depends. */
export interface BearerRequest {
  readonly context: ExecutionContext;
  /** Request of the platform. */
  readonly source: object;
  /** Reads the token; not called for public routes. */
  readonly token: () => Pending<string | undefined>;
}

/** Decision on a request: a verified token, a route that needs none, or a denial. */
export type BearerDecision = VerifiedAccessToken | 'public' | BearerDenial;

type Outcome = VerifiedAccessToken | RejectedAccessToken;

/** Decides on requests with access tokens; the guard turns a decision into a response. */
@Injectable()
export class BearerAuthorizer {
  /** Name of the module in messages. */
  readonly module: string;
  private readonly log: DenialLog;
  private readonly denials: BearerDenials;
  private readonly requirements: RequirementCheck;

  constructor(
    private readonly routes: BearerRouteTable,
    private readonly verifier: AccessTokenVerifier,
    options: OxdOptions,
    clock: OxdClock,
  ) {
    this.module = `OxdModule "${options.name}"`;
    this.denials = new BearerDenials(options);
    this.requirements = new RequirementCheck(options, clock);
    this.log = new DenialLog(new Logger(logContext('BearerGuard', options)), clock);
  }

  /**
   * Decides on a request. Throws or rejects with an error of `extractToken()` or of a function of
   * scopes.
   */
  decide(request: BearerRequest): Pending<BearerDecision> {
    const { context } = request;
    const [controller, callback] = [context.getClass(), context.getHandler()];
    const route = this.routes.find({ controller, callback, template: '' });
    if (!route) {
      const handler = handlerOf(context);
      this.log.once(`${handler} is behind BearerGuard without @BearerProtected or @BearerPublic.`);
      return this.denials.forbidden();
    }
    if (route === 'public') return route;
    return whenAvailable(readToken(request.token), (token) => {
      if (!(token instanceof CredentialError)) return this.authorize(route, request, token);
      return this.deny(request, { denial: this.denials.invalidRequest(), reason: token.message });
    });
  }

  /** Denies a call of a context type other than HTTP, for which no check exists. */
  denyNonHttp(handler: string, type: string): false {
    this.log.once(
      `${handler} is behind BearerGuard, which protects HTTP only, not ${type}: denied. Open it with ` +
        '@BearerPublic() if it needs no protection.',
    );
    return false;
  }

  /** Decides on a request with this token, or without one. */
  protected authorize(
    requirement: BearerRequirement,
    request: BearerRequest,
    token: string | undefined,
  ): Pending<BearerDecision> {
    if (token === undefined) {
      const denial = this.denials.tokenRequired(requirement.scopes);
      return this.deny(request, { denial, reason: 'no access token' });
    }
    if (token.length > MAX_RPT_LENGTH) {
      const reason = `a token of more than ${MAX_RPT_LENGTH} characters`;
      return this.deny(request, { denial: this.denials.invalidRequest(), reason });
    }
    const check = (outcome: Outcome): Pending<BearerDecision> =>
      this.check(requirement, request, outcome);
    const failed = (error: unknown): BearerDecision => {
      const denial = this.denials.unavailable(RETRY_DELAY);
      return this.deny(request, { denial, reason: failureReason(error) });
    };
    let verified: Pending<Outcome>;
    try {
      verified = this.verifier.cached(token) ?? this.verifier.verify(request.source, token);
    } catch (error) {
      return failed(error);
    }
    return isPromiseLike(verified) ? verified.then(check, failed) : check(verified);
  }

  private check(
    requirement: BearerRequirement,
    request: BearerRequest,
    outcome: Outcome,
  ): Pending<BearerDecision> {
    if (!('claims' in outcome)) {
      const denial = this.denials.invalidToken(requirement.scopes);
      return this.deny(request, { denial, reason: `rejected token: ${outcome.rejected}` });
    }
    return whenAvailable(
      this.requirements.check(requirement, outcome, request.context),
      (denied) => (denied ? this.deny(request, denied) : outcome),
    );
  }

  private deny({ context }: BearerRequest, { denial, reason }: DeniedCheck): BearerDenial {
    const { status, error } = denial;
    const what = `${handlerOf(context)}: ${status} ${error}`;
    const message = `${what}, ${reason}`;
    if (error === 'BEARER_TOKEN_REQUIRED' || error === 'BEARER_STEP_UP_REQUIRED') {
      this.log.expected(message);
    } else {
      this.log.warn(message, kindOf(error, { what, reason }));
    }
    return denial;
  }
}

/** Kind of a line in the log, of which one is logged a minute. */
function kindOf(
  error: BearerDenial['error'],
  { what, reason }: { readonly what: string; readonly reason: string },
): string {
  // Expired tokens are frequent: one line for all handlers.
  if (error === 'BEARER_INVALID_TOKEN') return reason;
  // A function may derive the scopes from the request, so that a client could cause any number of kinds.
  return error === 'BEARER_INSUFFICIENT_SCOPE' ? what : `${what}, ${reason}`;
}
