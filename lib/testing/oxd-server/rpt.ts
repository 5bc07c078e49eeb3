import type { AuthorizationServer } from './authorization-servers.js';
import { type ServerCommand, type ServerContext, textOf } from './context.js';
import { membersOf } from './uma-replies.js';
import { isObject } from './values.js';

/** What an RPT allows at one resource. */
interface Permission {
  readonly resource_id: string;
  readonly resource_scopes: readonly string[];
  readonly exp: number | null;
}

/** What the authorization server says of an RPT, with the nulls of oxd. */
export interface RptStatus {
  readonly active: boolean;
  readonly permissions: readonly Permission[] | null;
}

/** @see oxd command introspect_rpt */
export const introspectRpt: ServerCommand = async (context, { rpt }, { oxd_id }) => {
  const server = await context.server('introspect_rpt', oxd_id);
  return statusOfRpt(context, server, textOf(rpt) ?? '');
};

/**
 * Asks the authorization server about an RPT.
 *
 * @throws {WireRefusal} what oxd says where it is not told
 */
export async function statusOfRpt(
  context: ServerContext,
  server: AuthorizationServer,
  rpt: string,
): Promise<RptStatus> {
  const answer = await server.call({
    method: 'POST',
    url: server.uma.introspection_endpoint,
    body: new URLSearchParams({ token: rpt }),
  });
  const told = membersOf(context, answer);
  return {
    active: told.active === true,
    ...Object.fromEntries(TIMES.map((name) => [name, numberOf(told[name])])),
    permissions: Array.isArray(told.permissions) ? told.permissions.flatMap(permission) : null,
    ...Object.fromEntries(TEXTS.map((name) => [name, textOf(told[name]) ?? null])),
  };
}

const TIMES = ['exp', 'iat', 'nbf'];
const TEXTS = ['client_id', 'sub', 'aud', 'iss', 'jti'];

/** None where it names no resource or no scopes. */
function permission(one: unknown): readonly Permission[] {
  if (!isObject(one)) return [];
  const { resource_id, resource_scopes, exp } = one;
  if (typeof resource_id !== 'string' || !Array.isArray(resource_scopes)) return [];
  return [{ resource_id, resource_scopes: resource_scopes.map(String), exp: numberOf(exp) }];
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
