import type { JWTPayload } from 'jose';
import { RS, type FakeAs } from './fake-as.js';
import type { Answer } from './fake-op.js';

/** Event after which Keycloak no longer accepts an RPT at introspection. */
export type End = 'logout' | 'revocation' | 'disabled user' | 'ended session';

interface Item {
  readonly rsid: string;
  readonly rsname?: string;
  readonly scopes?: readonly string[];
}

/** RPTs that a {@link FakeAs} introspects as Keycloak 26.7.3 does. */
export class KeycloakRpts {
  private readonly issued = new Map<string, JWTPayload>();
  private readonly ended = new Map<string, End>();

  constructor(private readonly as: FakeAs) {
    as.on('rpt', ({ form }): Answer => ({ json: this.introspect(form.get('token') ?? '') }));
  }

  /** Records an RPT that the server has issued. */
  add(rpt: string, claims: JWTPayload): void {
    this.issued.set(rpt, claims);
  }

  /** Ends an RPT before its `exp`. */
  end(rpt: string, event: End): void {
    this.ended.set(rpt, event);
  }

  private introspect(rpt: string): object {
    const claims = this.issued.get(rpt);
    if (!claims || this.ended.has(rpt) || !this.isCurrent(claims)) return { active: false };
    const { exp, iat, jti, aud, typ, authorization } = claims;
    if (![aud].flat().includes(RS.client_id) || typ !== 'Bearer') return { active: false };
    const { permissions } = (authorization ?? {}) as { readonly permissions?: readonly Item[] };
    return {
      active: true,
      exp,
      iat,
      jti,
      aud,
      typ,
      acr: '1',
      permissions: permissions?.map(toItem),
    };
  }

  private isCurrent({ exp = 0, nbf = 0 }: JWTPayload): boolean {
    const now = this.as.op.clock() / 1000;
    return now < exp && nbf <= now;
  }
}

/** Names of a permission in an introspection response; its `scopes` are omitted if there are none. */
function toItem(item: Item): object {
  return { ...item, resource_id: item.rsid, resource_scopes: item.scopes ?? [] };
}
