import { within, type Release } from '../../base/oxd-releases.js';
import { malformedParams } from './reply.js';
import {
  readList,
  readNumber,
  readObject,
  readOptional,
  readString,
  readStrings,
} from './values.js';

/** A condition of a resource, as received. */
export interface ServerCondition {
  readonly httpMethods?: readonly string[];
  readonly scopes?: readonly string[];
  readonly ticketScopes?: readonly string[];
  /** Any JSON value: oxd checks it later. */
  readonly scope_expression?: unknown;
}

/** A resource, as received. */
export interface ServerResource {
  readonly path?: string;
  readonly iat?: number;
  readonly exp?: number;
  readonly conditions?: readonly ServerCondition[];
}

/** Parameter `resources` of `uma_rs_protect`; a class, to distinguish it from lists of strings. */
export class ServerResources {
  constructor(readonly list: readonly ServerResource[]) {}
}

/** Properties that 3.1.1 knows. */
const KNOWN_PROPERTIES = {
  resource: ['path', 'conditions'],
  condition: ['httpMethods', 'scopes', 'ticketScopes'],
};

/**
 * Reads the resources of `uma_rs_protect`. 3.1.1 rejects unknown properties; later releases ignore
 * them.
 *
 * @throws {CommandFailure} malformed internal_error
 */
export function readResources(release: Release, value: unknown): ServerResources {
  const isStrict = within(release, { until: '3.1.1' });
  const hasTimes = within(release, { since: '4.2' });
  const propertiesOf = (kind: keyof typeof KNOWN_PROPERTIES, value: unknown) => {
    const properties = readObject(value);
    const isUnknown = (name: string): boolean => !KNOWN_PROPERTIES[kind].includes(name);
    if (isStrict && Object.keys(properties).some(isUnknown)) throw malformedParams();
    return properties;
  };
  const readCondition = (one: unknown): ServerCondition => {
    const { httpMethods, scopes, ticketScopes, scope_expression } = propertiesOf('condition', one);
    return {
      httpMethods: readOptional(httpMethods, readStrings),
      scopes: readOptional(scopes, readStrings),
      ticketScopes: readOptional(ticketScopes, readStrings),
      scope_expression: scope_expression ?? undefined,
    };
  };
  const readResource = (one: unknown): ServerResource => {
    const { path, conditions, iat, exp } = propertiesOf('resource', one);
    return {
      path: readOptional(path, readString),
      ...(hasTimes && { iat: readOptional(iat, readNumber), exp: readOptional(exp, readNumber) }),
      conditions: readOptional(conditions, (list) => readList(list, readCondition)),
    };
  };
  return new ServerResources(readList(value, readResource));
}
