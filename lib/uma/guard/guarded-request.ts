import type { ExecutionContext } from '@nestjs/common';
import type { CredentialRequest } from '../../http/bearer-token.js';
import type { AccessRequest } from './uma-authorizer.js';

/** The request of Express or Fastify, as far as `UmaGuard` reads it. */
export interface GuardedRequest extends CredentialRequest {
  /** HTTP method. */
  readonly method: string;
  /** Parameters of the route, decoded by the router. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** The route that Express matched. */
  readonly route?: {
    /** Its template. */
    readonly path?: unknown;
  };
  /** The route that Fastify matched. */
  readonly routeOptions?: {
    /** Its template. */
    readonly url?: unknown;
  };
}

/** What access to this request depends on. */
export function toAccessRequest(
  context: ExecutionContext,
  request: GuardedRequest,
): Omit<AccessRequest, 'rpt'> {
  const template = request.routeOptions?.url ?? request.route?.path;
  return {
    handler: handlerOf(context),
    route: {
      controller: context.getClass(),
      callback: context.getHandler(),
      template: typeof template === 'string' ? template : undefined,
    },
    method: request.method,
    params: request.params ?? {},
  };
}

/** The handler as `AlbumsController.find`. */
export function handlerOf(context: ExecutionContext): string {
  return `${context.getClass().name}.${context.getHandler().name}`;
}
