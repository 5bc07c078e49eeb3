import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { BearerUsers } from '../../http/bearer-user.js';
import { attachRptContext } from './rpt-context.js';
import { UMA_MARKS } from '../declarations/uma-marks.js';
import { matchedRoute, handlerOf, type GuardedRequest } from '../../routes/guarded-request.js';
import { isPublicHandler } from '../../routes/handler-place.js';
import { denialResponse } from '../../routes/denial-response.js';
import { bearerToken } from '../../http/bearer-token.js';
import type { GuardFamily } from '../../routes/guard-family.js';
import { UmaAuthorizer } from './uma-authorizer.js';

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
  readonly #users = new BearerUsers();

  constructor(
    private readonly access: UmaAuthorizer,
    adapterHost: HttpAdapterHost,
  ) {
    this.#adapterHost = adapterHost;
  }

  /**
   * Called by Nest. Denies undeclared routes, and every handler of another context type (message,
   * gateway, GraphQL) without `@UmaPublic()`.
   *
   * @throws {HttpException} with status 401, 403, 503 or 400 when the request is denied
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const type = context.getType<string>();
    if (type !== 'http') {
      const isPublic = isPublicHandler(UMA_MARKS, context.getClass(), context.getHandler());
      return isPublic || this.access.denyNonHttp(handlerOf(context), type);
    }
    const http = context.switchToHttp();
    const request = http.getRequest<GuardedRequest & { user?: unknown }>();
    const decision = await this.access.decide({
      handler: () => handlerOf(context),
      route: matchedRoute(context, request),
      method: request.method,
      params: request.params ?? {},
      context,
      source: request,
      rpt: () => this.extractRpt(request),
    });
    if (!decision.granted)
      throw denialResponse(decision, http.getResponse(), this.#adapterHost.httpAdapter);
    const { verified, rptContext } = decision;
    if (verified) this.#users.attach(request, verified);
    attachRptContext(request, rptContext);
    return true;
  }

  /**
   * Returns the RPT of a request; by default the token of `Authorization: Bearer`.
   *
   * @param request request of Express or Fastify
   * @returns undefined for a request without an RPT
   */
  protected extractRpt(request: GuardedRequest): string | undefined | Promise<string | undefined> {
    return bearerToken(request);
  }
}

/** `UmaGuard` with its decorators. */
export const UMA_FAMILY: GuardFamily<UmaAuthorizer> = {
  guard: UmaGuard,
  authorizer: UmaAuthorizer,
  marks: UMA_MARKS,
  authorizerOf: (guard) => (guard instanceof UmaGuard ? guard['access'] : undefined),
};
