import { effectiveMethod, type UmaDeclaration } from '../declarations/declaration.js';
import type { Protection } from '../declarations/declaration-rules.js';
import type { Level } from '../declarations/handler-access.js';
import type { HttpRoute } from '../../routes/http-routes.js';

/** Declarations of each level for one template of the route. */
export function declarationsOf(
  { name, verb }: HttpRoute,
  levels: readonly Level[],
  template: string,
): UmaDeclaration[][] {
  return levels.map(({ protections }) =>
    protections
      .filter((protection) => covers(verb, protection))
      .map(({ path = template, method = verb, options }) => {
        const http_method = effectiveMethod(method);
        const { scopes = options.scope_expression ? undefined : [http_method] } = options;
        return { handler: name, path, http_method, ...options, ...(scopes && { scopes }) };
      }),
  );
}

/** True if a protection applies to the HTTP method of the route; `@All()` has every method. */
export function covers(verb: string, { method }: Protection): boolean {
  return (
    verb === 'ALL' || method === undefined || effectiveMethod(method) === effectiveMethod(verb)
  );
}
