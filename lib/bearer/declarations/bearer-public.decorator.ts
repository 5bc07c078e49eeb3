import { BEARER_MARKS } from './bearer-marks.js';

/**
 * Makes `BearerGuard` let every request to a method, or to the methods of a class, pass. A decorator
 * on the method has precedence over that of the class. Other guards, such as `UmaGuard`, still check
 * the request. Applies to handlers of every context type: routes, message handlers, gateway handlers,
 * GraphQL resolvers.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, when the same target also
 *   has `@BearerProtected`
 */
export function BearerPublic(): ClassDecorator & MethodDecorator {
  return BEARER_MARKS.decorator({ kind: 'public' });
}
