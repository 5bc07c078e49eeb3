import type { ExecutionContext } from '@nestjs/common';
import type { CredentialRequest } from '../../http/bearer-token.js';
import type { AccessRequest } from './uma-authorizer.js';

/** Properties of an Express or Fastify request that `UmaGuard` reads. */
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

/** Converts a request to the input of the decision; the RPT is read separately. */
export function toAccessRequest(
  context: ExecutionContext,
  request: GuardedRequest,
): Omit<AccessRequest, 'rpt'> {
  const template = request.routeOptions?.url ?? request.route?.path;
  return {
    handler: () => handlerOf(context),
    route: {
      controller: context.getClass(),
      callback: context.getHandler(),
      template: typeof template === 'string' ? template : undefined,
    },
    method: request.method,
    params: request.params ?? {},
    source: request,
  };
}

/** Name of the handler, as `AlbumsController.find`. */
export function handlerOf(context: ExecutionContext): string {
  return `${context.getClass().name}.${context.getHandler().name}`;
}
