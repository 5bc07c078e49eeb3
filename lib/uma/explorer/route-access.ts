import { effectiveMethod, type UmaDeclaration } from '../declarations/declaration.js';
import type { OxdOptions } from '../../options/oxd.options.js';
import type { Protection } from '../declarations/declaration-rules.js';
import type { Level } from '../declarations/handler-access.js';
import type { HttpRoute } from '../../routes/http-routes.js';

/** Properties of a declaration that its decorator may omit. */
export interface DeclarationDefaults {
  readonly template: string;
  /** Option `uma.mode`. */
  readonly mode: OxdOptions['uma']['mode'];
}

/** Declarations of each level for one template of the route. */
export function declarationsOf(
  { name, verb }: HttpRoute,
  levels: readonly Level[],
  { template, mode }: DeclarationDefaults,
): UmaDeclaration[][] {
  return levels.map(({ protections }) =>
    protections
      .filter((protection) => covers(verb, protection))
      .map(({ path = template, method = verb, options }) => {
        const http_method = effectiveMethod(method);
        const isNamed = options.scope_expression ?? options.resource;
        const { scopes = isNamed ? undefined : [http_method] } = options;
        const required = { ...options, mode: options.mode ?? mode, ...(scopes && { scopes }) };
        return { handler: name, path, http_method, ...required };
      }),
  );
}

/** True if a protection applies to the HTTP method of the route; `@All()` has every method. */
export function covers(verb: string, { method }: Protection): boolean {
  return (
    verb === 'ALL' || method === undefined || effectiveMethod(method) === effectiveMethod(verb)
  );
}
