import { within, type Release } from '../../commands/dialect/parameter-rules.js';
import { malformedParams } from './reply.js';
import { readList, readObject, readOptional, readText, readTexts } from './values.js';

/** A condition of a resource as it came. */
export interface ServerCondition {
  readonly httpMethods?: readonly string[];
  readonly scopes?: readonly string[];
  readonly ticketScopes?: readonly string[];
  /** Of any JSON type: oxd looks at it later. */
  readonly scope_expression?: unknown;
}

/** A resource as it came. */
export interface ServerResource {
  readonly path?: string;
  readonly conditions?: readonly ServerCondition[];
}

/** The param `resources` of `uma_rs_protect`: a class, for other params are lists of texts. */
export class ServerResources {
  constructor(readonly list: readonly ServerResource[]) {}
}

/** What 3.1.1 knows of each. */
const MEMBERS = {
  resource: ['path', 'conditions'],
  condition: ['httpMethods', 'scopes', 'ticketScopes'],
};

/**
 * Reads the resources of `uma_rs_protect`. 3.1.1 does not put up with a member that it does not know;
 * later releases ignore it.
 *
 * @throws {WireRefusal} the malformed internal_error
 */
export function readResources(release: Release, value: unknown): ServerResources {
  const isStrict = within(release, { until: '3.1.1' });
  const membersOf = (kind: keyof typeof MEMBERS, one: unknown) => {
    const members = readObject(one);
    const isForeign = (name: string): boolean => !MEMBERS[kind].includes(name);
    if (isStrict && Object.keys(members).some(isForeign)) throw malformedParams();
    return members;
  };
  const readCondition = (one: unknown): ServerCondition => {
    const { httpMethods, scopes, ticketScopes, scope_expression } = membersOf('condition', one);
    return {
      httpMethods: readOptional(httpMethods, readTexts),
      scopes: readOptional(scopes, readTexts),
      ticketScopes: readOptional(ticketScopes, readTexts),
      scope_expression: scope_expression ?? undefined,
    };
  };
  const readResource = (one: unknown): ServerResource => {
    const { path, conditions } = membersOf('resource', one);
    return {
      path: readOptional(path, readText),
      conditions: readOptional(conditions, (list) => readList(list, readCondition)),
    };
  };
  return new ServerResources(readList(value, readResource));
}
