import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { attachRptContext } from './rpt-context.js';
import { toAccessRequest, handlerOf, type GuardedRequest } from './guarded-request.js';
import { isPublicHandler } from '../declarations/handler-access.js';
import { denialResponse } from './denial-response.js';
import { bearerToken } from '../../http/bearer-token.js';
import { UmaAuthorizer } from './uma-authorizer.js';

/**
 * Lets a request pass whose RPT covers what `@UmaProtected` declares of its route, and answers all
 * others: 401 with a ticket, 403, 503 or 400. For `@UseGuards()` or as `APP_GUARD`. Override
 * `extractRpt()` to look for the RPT elsewhere; a subclass that needs services of its own takes
 * them as properties (`@Inject()`).
 *
 * @see UMA 2.0 Grant §3.2; UMA Federated Authorization §4
 */
@Injectable()
export class UmaGuard implements CanActivate {
  constructor(
    private readonly access: UmaAuthorizer,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /**
   * Called by Nest. Denies what it does not know, and every handler of another context type
   * (message, gateway, GraphQL) without `@UmaPublic()`.
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const type = context.getType<string>();
    if (type !== 'http') {
      const isPublic = isPublicHandler(context.getClass(), context.getHandler());
      return isPublic || this.access.denyNonHttp(handlerOf(context), type);
    }
    const http = context.switchToHttp();
    const request = http.getRequest<GuardedRequest>();
    const rpt = () => this.extractRpt(request);
    const decision = await this.access.decide({ ...toAccessRequest(context, request), rpt });
    if (!decision.granted)
      throw denialResponse(decision, http.getResponse(), this.adapterHost.httpAdapter);
    attachRptContext(request, decision);
    return true;
  }

  /**
   * The RPT of a request, or undefined; by default that of `Authorization: Bearer`.
   *
   * @param request that of Express or Fastify
   */
  protected extractRpt(request: GuardedRequest): string | undefined | Promise<string | undefined> {
    return bearerToken(request);
  }
}

/** Access service of a guard; undefined if its constructor has not run. */
export function accessOfGuard(guard: UmaGuard): UmaAuthorizer | undefined {
  return guard['access'];
}
