import type { AuthorizationServer } from './authorization-servers.js';
import type { ProviderResponse } from '../../embedded/requests/provider-http.js';
import type { ServerCommand, ServerContext } from './context.js';
import { nullReply } from './exact-reply.js';
import { propertiesOf } from './uma-replies.js';
import { isJsonObject, textOf } from '../../base/json.js';

/** Permission of an RPT at one resource. */
interface Permission {
  readonly resource_id: string;
  readonly resource_scopes: readonly string[];
  readonly exp: number | null;
}

/** Introspection result of an RPT; missing values are null, as in oxd. */
export interface RptStatus {
  readonly active: boolean;
  readonly permissions: readonly Permission[] | null;
}

/** @see oxd command introspect_rpt */
export const introspectRpt: ServerCommand = async (context, { rpt }, { oxd_id }) => {
  const server = await context.server('introspect_rpt', oxd_id);
  const answer = await introspected(server, textOf(rpt) ?? '');
  return rptStatus(context, answer) ?? nullReply();
};

/** Introspects an RPT at the authorization server. */
export function introspected(server: AuthorizationServer, rpt: string): Promise<ProviderResponse> {
  const url = server.uma.introspection_endpoint;
  return server.call({ method: 'POST', url, body: `token=${encodeURIComponent(rpt)}` });
}

/**
 * Reads an introspection response.
 *
 * @returns undefined for an empty response, which only oxd 4 accepts
 * @throws {CommandFailure} with oxd's error code when introspection failed
 */
export function rptStatus(context: ServerContext, answer: ProviderResponse): RptStatus | undefined {
  if (context.isRest && answer.status < 400 && answer.text === '') return undefined;
  const properties = propertiesOf(context, 'introspection', answer);
  return {
    active: properties.active === true,
    ...Object.fromEntries(TIMES.map((name) => [name, numberOf(properties[name])])),
    permissions: Array.isArray(properties.permissions)
      ? properties.permissions.flatMap(permission)
      : null,
    ...Object.fromEntries(STRINGS.map((name) => [name, textOf(properties[name]) ?? null])),
  };
}

const TIMES = ['exp', 'iat', 'nbf'];
const STRINGS = ['client_id', 'sub', 'aud', 'iss', 'jti'];

/** Empty when the entry has no resource id or no list of scopes. */
function permission(one: unknown): readonly Permission[] {
  if (!isJsonObject(one)) return [];
  const { resource_id, resource_scopes, exp } = one;
  if (typeof resource_id !== 'string' || !Array.isArray(resource_scopes)) return [];
  return [{ resource_id, resource_scopes: resource_scopes.map(String), exp: numberOf(exp) }];
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
