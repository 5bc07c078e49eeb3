import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { whenAvailable } from '../../base/pending.js';
import { attachBearerUser } from '../../http/bearer-user.js';
import { attachRptContext } from './rpt-context.js';
import { UMA_MARKS } from '../declarations/uma-marks.js';
import { matchedRoute, handlerOf, type GuardedRequest } from '../../routes/guarded-request.js';
import { isPublicHandler } from '../../routes/handler-place.js';
import { denialResponse } from '../../routes/denial-response.js';
import { bearerToken } from '../../http/bearer-token.js';
import type { GuardFamily } from '../../routes/guard-family.js';
import { UmaAuthorizer } from './uma-authorizer.js';
import type { UmaDecision } from './uma-decision.js';

/**
 * Grants a request whose RPT covers the resources that `@UmaProtected` declares for its route.
 * Responds to all other requests with 401 and a permission ticket, 403, 503 or 400. For
 * `@UseGuards()` or as `APP_GUARD`. Override `extractRpt()` to read the RPT from elsewhere; inject
 * further services of a subclass as properties (`@Inject()`).
 *
 * @see UMA 2.0 Grant §3.2; UMA Federated Authorization §4
 */
@Injectable()
export class UmaGuard implements CanActivate {
  /** `#` instead of `private`, so that a printed guard does not show the whole application. */
  readonly #adapterHost: HttpAdapterHost;

  constructor(
    private readonly access: UmaAuthorizer,
    adapterHost: HttpAdapterHost,
  ) {
    this.#adapterHost = adapterHost;
  }

  /**
   * Called by Nest. Denies undeclared routes, and every handler of another context type (message,
   * gateway, GraphQL) without `@UmaPublic()`. Synchronous if nothing has to be awaited, as with a grant
   * from `uma.cache`.
   *
   * @throws {HttpException} with status 401, 403, 503 or 400 when the request is denied
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const type = context.getType<string>();
    if (type !== 'http') {
      const isPublic = isPublicHandler(UMA_MARKS, context.getClass(), context.getHandler());
      return isPublic || this.access.denyNonHttp(handlerOf(context), type);
    }
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const decided = this.access.decide({
      handler: () => handlerOf(context),
      route: matchedRoute(context, request),
      method: request.method,
      params: request.params ?? {},
      context,
      source: request,
      rpt: () => this.extractRpt(request),
    });
    const granted = whenAvailable(decided, (decision) => this.#apply(decision, context));
    return granted === true ? granted : Promise.resolve(granted);
  }

  /**
   * Returns the RPT of a request; by default the token of `Authorization: Bearer`. The guard checks the
   * characters of the result.
   *
   * @param request request of Express or Fastify
   * @returns undefined for a request without an RPT
   */
  protected extractRpt(request: GuardedRequest): string | undefined | Promise<string | undefined> {
    return bearerToken(request);
  }

  #apply(decision: UmaDecision, context: ExecutionContext): true {
    const http = context.switchToHttp();
    if (!decision.granted) {
      throw denialResponse(decision, http.getResponse(), this.#adapterHost.httpAdapter);
    }
    const { verified, rptContext } = decision;
    const request = http.getRequest<object>();
    if (verified) attachBearerUser(request, verified);
    attachRptContext(request, rptContext);
    return true;
  }
}

/** `UmaGuard` with its decorators. */
export const UMA_FAMILY: GuardFamily<UmaAuthorizer> = {
  guard: UmaGuard,
  authorizer: UmaAuthorizer,
  marks: UMA_MARKS,
  authorizerOf: (guard) => (guard instanceof UmaGuard ? guard['access'] : undefined),
};
