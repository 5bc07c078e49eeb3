import { OperationError } from '../requests/operation-error.js';

/** Advice for a resource without a record. */
export const NEVER_PROTECTED = 'Protect it with uma_rs_protect.';

/** Advice for a resource that was deleted at the authorization server. */
export const MISSING_AT_SERVER =
  'The authorization server no longer has this resource: protect it again.';

const NOT_BLANK = /\S/;

/**
 * Checks the parameters that name a protected resource.
 *
 * @throws {OperationError} `invalid_http_method` or `invalid_path_parameter`
 */
export function checkNamed({ http_method, path }: { http_method?: string; path?: string }): void {
  if (!NOT_BLANK.test(http_method ?? '')) {
    throw new OperationError('invalid_http_method', 'http_method: must not be empty.');
  }
  if (!NOT_BLANK.test(path ?? '')) {
    throw new OperationError('invalid_path_parameter', 'path: must not be empty.');
  }
}

/** Error for a path and method without a registered resource. */
export function notProtected(advice: string): OperationError {
  return new OperationError('invalid_request', `This path and method are not protected. ${advice}`);
}
