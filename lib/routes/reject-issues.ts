import { OxdConfigurationError } from '../base/errors.js';

/**
 * Ends the start-up if there are issues, each once.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID
 */
export function rejectIssues(issues: readonly string[]): void {
  if (issues.length > 0) throw new OxdConfigurationError([...new Set(issues)]);
}
