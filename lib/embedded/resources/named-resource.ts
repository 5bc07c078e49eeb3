import type { Params } from '../../commands/command.js';
import { OperationError } from '../requests/operation-error.js';
import { isResourceId } from './resource-description.js';

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

/**
 * Checks the parameters of a check that belong to one mode, and that `resource` replaces the path.
 *
 * @throws {OperationError} `bad_request`
 */
export function checkMode(params: Params<'uma_rs_check_access'>): void {
  const { mode = 'rpt', resource, claims, path, http_method } = params;
  if (mode !== 'rpt' && mode !== 'decision') throw unfit('mode: must be rpt or decision.');
  if (claims && mode === 'rpt') throw unfit("claims: need mode: 'decision'.");
  if (resource === undefined) return;
  if (!isResourceId(resource)) throw unfit('resource: must be a name or an id.');
  if (path !== undefined || http_method !== undefined) {
    throw unfit('resource: replaces path and http_method; remove them.');
  }
}

/** Error for a path and method without a registered resource. */
export function notProtected(advice: string): OperationError {
  return new OperationError('invalid_request', `This path and method are not protected. ${advice}`);
}

const ADMINISTERED =
  'The authorization server has no such resource. Name an own resource of the client, or give an id.';

/** Error for the name or id of a resource that an administrator was to make. */
export function noSuchResource(): OperationError {
  return new OperationError('invalid_resource', `resource: ${ADMINISTERED}`);
}

/**
 * Error for a resource that the authorization server does not know.
 *
 * @param error error for the resource of an administrator
 */
export function missingAtServer(
  { isAdministered }: { readonly isAdministered?: true },
  error: unknown = noSuchResource(),
): unknown {
  return isAdministered ? error : notProtected(MISSING_AT_SERVER);
}

/** True if the authorization server does not know the resource, or not with these scopes. */
export function isRejectedResource(error: unknown): boolean {
  return error instanceof OperationError && REJECTED.has(error.error);
}

const REJECTED = new Set(['invalid_resource', 'invalid_scope']);

function unfit(message: string): OperationError {
  return new OperationError('bad_request', message);
}
