import { marking } from './uma-metadata.js';

/**
 * Opens a method, or the methods of a class, that lie behind `UmaGuard`. A method's own decorator
 * decides: `@UmaProtected` there beats a public class, `@UmaPublic` a protected one. It opens
 * handlers of every context type: routes, message handlers, gateway handlers, GraphQL resolvers.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, beside `@UmaProtected` on
 *   one target
 */
export function UmaPublic(): ClassDecorator & MethodDecorator {
  return marking({ kind: 'public' });
}
