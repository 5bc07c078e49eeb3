import type { ExecutionContext } from '@nestjs/common';
import type { CredentialRequest } from '../http/bearer-token.js';
import type { MatchedRoute } from './route-table.js';

/** Properties of an Express or Fastify request that the guards read. */
export interface GuardedRequest extends CredentialRequest {
  /** HTTP method. */
  readonly method: string;
  /** Parameters of the route, decoded by the router. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Route that Express matched. */
  readonly route?: {
    /** Template of the route. */
    readonly path?: unknown;
  };
  /** Route that Fastify matched. */
  readonly routeOptions?: {
    /** Template of the route. */
    readonly url?: unknown;
  };
}

/** Route of a request, as the router reports it. */
export function matchedRoute(context: ExecutionContext, request: GuardedRequest): MatchedRoute {
  const template = request.routeOptions?.url ?? request.route?.path;
  return {
    controller: context.getClass(),
    callback: context.getHandler(),
    template: typeof template === 'string' ? template : undefined,
  };
}

/** Name of the handler, as `AlbumsController.find`. */
export function handlerOf(context: ExecutionContext): string {
  return `${context.getClass().name}.${context.getHandler().name}`;
}
