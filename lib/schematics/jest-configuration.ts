import type { JsonObject } from './json-file.js';

/** ES modules that Jest must compile in a CommonJS project, see docs/testing.md. */
const PATTERN =
  '/node_modules/(?!(nestjs-oxd|jose|openid-client|oauth4webapi|@nestjs/passport|oidc-provider)/)';

/** Line to add where the schematic cannot. */
export const JEST_LINE = `"transformIgnorePatterns": ["${PATTERN}"]`;

/**
 * Adds the packages that Jest must compile to its configuration.
 *
 * @returns undefined if the configuration has other `transformIgnorePatterns`
 */
export function withTransformIgnorePatterns(jest: JsonObject): JsonObject | undefined {
  const { transformIgnorePatterns: own } = jest;
  if (own === undefined) return { ...jest, transformIgnorePatterns: [PATTERN] };
  const isDone = own === PATTERN || JSON.stringify(own).includes('nestjs-oxd');
  return isDone ? jest : undefined;
}
