import type { OidcProvider, ProviderClient, ProviderToken } from '../provider/oidc-provider.js';
import type { Resources } from './resources.js';
import type { Permission } from './tickets.js';

/** Content of an RPT. */
export interface Rpt {
  /** client_id of the client to which the RPT was issued. */
  readonly client: string;
  /** client_id of the resource server for which the RPT is valid. */
  readonly resourceServer: string;
  /** `sub` of the requesting party; undefined when unknown. */
  readonly party?: string;
  readonly permissions: readonly Permission[];
  /** Seconds since 1970. */
  readonly exp: number;
  /** Seconds since 1970. */
  readonly iat: number;
}

/** Content of an RPT to be issued. */
export interface NewRpt {
  readonly client: ProviderClient;
  readonly resourceServer: string;
  readonly party?: string;
  readonly permissions: readonly Permission[];
}

/**
 * Requesting party tokens. They are opaque access tokens of the provider with permissions, so that
 * they expire and can be revoked like other tokens.
 */
export class Rpts {
  constructor(
    private readonly provider: OidcProvider,
    private readonly resources: Resources,
  ) {}

  /** Issues an RPT. @returns parameters of the token response (UMA 2.0 Grant §3.3.5) */
  async issue({ client, resourceServer, party, permissions }: NewRpt) {
    const token = new this.provider.ClientCredentials({ client });
    token.setAudience(resourceServer);
    token.claims = { permissions, ...(party !== undefined && { sub: party }) };
    const access_token = await token.save();
    return { access_token, token_type: 'Bearer', expires_in: token.expiration };
  }

  /** Returns an RPT without permissions for deleted resources and scopes; undefined when invalid. */
  async find(value: string): Promise<Rpt | undefined> {
    const token = await this.provider.ClientCredentials.find(value);
    const rpt = token && read(token);
    if (!rpt || !(await this.provider.Client.find(rpt.client))) return undefined;
    const permissions = rpt.permissions.flatMap((one) => this.current(rpt.resourceServer, one));
    return permissions.length === 0 ? undefined : { ...rpt, permissions };
  }

  private current(owner: string, { resource_id, resource_scopes }: Permission): Permission[] {
    const resource = this.resources.find(owner, resource_id);
    if (!resource) return [];
    const remaining = resource_scopes.filter((scope) => resource.resource_scopes.includes(scope));
    if (remaining.length === 0 && resource_scopes.length > 0) return [];
    return [{ resource_id, resource_scopes: remaining }];
  }
}

function read({ clientId, aud, exp = 0, iat = 0, extra = {} }: ProviderToken): Rpt | undefined {
  if (aud === undefined || !Array.isArray(extra.permissions)) return undefined;
  const permissions = extra.permissions as readonly Permission[];
  const party = typeof extra.sub === 'string' ? extra.sub : undefined;
  return { client: clientId, resourceServer: aud, party, permissions, exp, iat };
}
