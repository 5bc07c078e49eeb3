import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { whenAvailable, type Pending } from '../../base/pending.js';
import { bearerToken } from '../../http/bearer-token.js';
import { attachBearerUser } from '../../http/bearer-user.js';
import { denialResponse } from '../../routes/denial-response.js';
import type { GuardFamily } from '../../routes/guard-family.js';
import { handlerOf, type GuardedRequest } from '../../routes/guarded-request.js';
import { isPublicHandler } from '../../routes/handler-place.js';
import { BEARER_MARKS } from '../declarations/bearer-marks.js';
import { BearerAuthorizer, type BearerDecision } from './bearer-authorizer.js';

/**
 * Grants a request whose access token satisfies the `@BearerProtected` of its route, and sets
 * `request.user`. Responds to all other requests with 401, 403, 400 or 503. Needs option
 * `bearer.audience`. For `@UseGuards()` or as `APP_GUARD`. Override `extractToken()` to read the token
 * from elsewhere; inject further services of a subclass as properties (`@Inject()`).
 *
 * @see RFC 6750; RFC 9068 §4
 */
@Injectable()
export class BearerGuard implements CanActivate {
  /** `#` instead of `private`, so that a printed guard does not show the whole application. */
  readonly #adapterHost: HttpAdapterHost;

  constructor(
    private readonly access: BearerAuthorizer,
    adapterHost: HttpAdapterHost,
  ) {
    this.#adapterHost = adapterHost;
  }

  /**
   * Called by Nest. Denies undeclared routes, and every handler of another context type (message,
   * gateway, GraphQL) without `@BearerPublic()`. Passes a route without an own declaration that
   * `@UmaProtected` protects. Synchronous if nothing has to be awaited, as with a token from
   * `bearer.cache`.
   *
   * @throws {HttpException} with status 401, 403, 400 or 503 when the request is denied
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const type = context.getType<string>();
    if (type !== 'http') {
      const isPublic = isPublicHandler(BEARER_MARKS, context.getClass(), context.getHandler());
      return isPublic || this.access.denyNonHttp(handlerOf(context), type);
    }
    const source = context.switchToHttp().getRequest<GuardedRequest>();
    const token = (): Pending<string | undefined> => this.extractToken(source);
    const granted = whenAvailable(
      this.access.decide({ context, source, token }),
      (decision: BearerDecision) => this.#apply(decision, context),
    );
    return typeof granted === 'boolean' ? granted : Promise.resolve(granted);
  }

  /**
   * Returns the access token of a request; by default that of `Authorization: Bearer`. The guard checks
   * the characters of the result.
   *
   * @param request request of Express or Fastify
   * @returns undefined for a request without a token
   */
  protected extractToken(
    request: GuardedRequest,
  ): string | undefined | Promise<string | undefined> {
    return bearerToken(request);
  }

  #apply(decision: BearerDecision, context: ExecutionContext): true {
    if (decision === 'public') return true;
    const http = context.switchToHttp();
    if ('status' in decision) {
      throw denialResponse(decision, http.getResponse(), this.#adapterHost.httpAdapter);
    }
    attachBearerUser(http.getRequest(), decision);
    return true;
  }
}

/** `BearerGuard` with its decorators. */
export const BEARER_FAMILY: GuardFamily<BearerAuthorizer> = {
  guard: BearerGuard,
  authorizer: BearerAuthorizer,
  marks: BEARER_MARKS,
  authorizerOf: (guard) => (guard instanceof BearerGuard ? guard['access'] : undefined),
};
