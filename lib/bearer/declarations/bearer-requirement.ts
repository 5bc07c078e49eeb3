import type { HandlerPlace } from '../../routes/handler-place.js';
import { isPublic } from '../../routes/marks.js';
import { BEARER_MARKS } from './bearer-marks.js';
import type { BearerProtectedOptions, BearerScopes } from './bearer-protected.decorator.js';

/** Requirements of a route on a valid access token. */
export interface BearerRequirement {
  /** Scopes that every request needs. */
  readonly scopes: readonly string[];
  /** Returns the scopes of a request, instead of `scopes`. */
  readonly scopesOf?: BearerScopes;
  /** Roles of which one suffices, or all are needed. */
  readonly roles?: { readonly names: readonly string[]; readonly needs: 'one' | 'all' };
  readonly acr_values?: readonly string[];
  /** In seconds. */
  readonly max_age?: number;
}

/**
 * Reads the decorators of a handler, else those of its class. Call it after `bearerIssues()` found
 * none.
 *
 * @returns undefined for a handler without a declaration
 */
export function requirementOf({
  controller,
  method,
}: HandlerPlace): BearerRequirement | 'public' | undefined {
  const own = BEARER_MARKS.ofMethod(controller.prototype as object, method);
  const [mark] = own.length > 0 ? own : BEARER_MARKS.ofClass(controller);
  if (!mark) return undefined;
  return isPublic(mark) ? 'public' : toRequirement(optionsOf(mark));
}

function optionsOf(mark: object): BearerProtectedOptions {
  return 'options' in mark ? ((mark.options ?? {}) as BearerProtectedOptions) : {};
}

function toRequirement(options: BearerProtectedOptions): BearerRequirement {
  const { scopes = [], roles, acr_values, max_age } = options;
  return {
    ...(typeof scopes === 'function' ? { scopes: [], scopesOf: scopes } : { scopes: [...scopes] }),
    ...(roles && { roles: toRoles(roles) }),
    ...(acr_values && { acr_values: [...acr_values] }),
    ...(max_age !== undefined && { max_age }),
  };
}

function toRoles(roles: NonNullable<BearerProtectedOptions['roles']>): BearerRequirement['roles'] {
  return 'all' in roles
    ? { names: [...roles.all], needs: 'all' }
    : { names: [...roles], needs: 'one' };
}
