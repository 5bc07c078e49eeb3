import { marking } from './uma-metadata.js';

/**
 * Opens a route, or the routes of a class, that lie behind `UmaGuard`. A method's own decorator
 * decides: `@UmaProtected` there beats a public class, `@UmaPublic` a protected one.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, beside `@UmaProtected` on
 *   one target
 */
export function UmaPublic(): ClassDecorator & MethodDecorator {
  return marking({ kind: 'public' });
}
