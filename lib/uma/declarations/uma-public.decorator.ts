import { UMA_MARKS } from './uma-marks.js';

/**
 * Makes `UmaGuard` let every request to a method, or to the methods of a class, pass. A decorator
 * on the method has precedence: `@UmaProtected` protects a method of a public class, `@UmaPublic`
 * opens a method of a protected class. Applies to handlers of every context type: routes, message
 * handlers, gateway handlers, GraphQL resolvers.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, when the same target also
 *   has `@UmaProtected`
 */
export function UmaPublic(): ClassDecorator & MethodDecorator {
  return UMA_MARKS.decorator({ kind: 'public' });
}
