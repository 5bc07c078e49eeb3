import type { ScopeExpression, UmaRsModifyParams } from '../../commands/uma.js';
import { OperationError } from '../requests/operation-error.js';
import { checkNamed } from './named-resource.js';
import { scopeExpression } from './scope-expression.js';

/** New scopes of one protected resource. */
export interface Modification {
  readonly path: string;
  readonly http_method: string;
  /** Required scopes; empty if `scope_expression` is set. */
  readonly scopes: readonly string[];
  readonly scope_expression?: ScopeExpression;
}

/**
 * Reads the parameters of `uma_rs_modify`; an expression replaces the scopes, as in oxd.
 *
 * @throws {OperationError} `invalid_http_method`, `invalid_path_parameter`, `bad_request` or
 *   `invalid_scope_expression`
 */
export function modificationOf(params: UmaRsModifyParams): Modification {
  checkNamed(params);
  const { path, http_method, scopes = [] } = params;
  if (params.scope_expression !== undefined) {
    const scope_expression = scopeExpression(params.scope_expression);
    if (typeof scope_expression !== 'string') {
      return { path, http_method, scopes: [], scope_expression };
    }
    const message = `scope_expression: ${scope_expression}.`;
    throw new OperationError('invalid_scope_expression', message);
  }
  if (scopes.length > 0 && scopes.every((scope) => scope.trim() !== '')) {
    return { path, http_method, scopes: [...scopes] };
  }
  throw new OperationError('bad_request', 'scopes: must be a list of strings, none of them empty.');
}
