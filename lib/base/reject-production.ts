import { isProduction } from './environment.js';
import { OxdConfigurationError } from './errors.js';

/**
 * Rejects the start of a part for tests in production.
 *
 * @param name name of the part
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when `NODE_ENV` is `production`
 */
export function rejectProduction(name: string): void {
  if (!isProduction()) return;
  const message = `NODE_ENV: ${name} is for tests and does not start if NODE_ENV is production`;
  throw new OxdConfigurationError([message]);
}
