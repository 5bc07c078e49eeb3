import { CompactSign, SignJWT, type CompactJWSHeaderParameters, type JWTPayload } from 'jose';
import { RS, type FakeAs } from './fake-as.js';
import { registerSecret } from './secrets.js';

/** Changes of a token; undefined removes a claim or a header parameter. */
export interface Changes {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** Signs RPTs in the format of Keycloak with the key of a {@link FakeAs}, which does not know them. */
export class JwtRpts {
  constructor(private readonly as: FakeAs) {}

  /** RPT of alice with these permissions. */
  sign(permissions: unknown, { claims, header }: Changes = {}): Promise<string> {
    return this.signText(JSON.stringify(this.claims(permissions, claims)), header);
  }

  /** Token with any payload. */
  async signText(payload: string, header: Changes['header'] = {}): Promise<string> {
    const { key } = this.as.op;
    const names = withoutUndefined({ alg: key.alg, typ: 'JWT', kid: key.kid, ...header });
    const signer = new CompactSign(new TextEncoder().encode(payload));
    const crit = Object.fromEntries([header.crit ?? []].flat().map((name) => [name, true]));
    return registered(
      await signer
        .setProtectedHeader(names as unknown as CompactJWSHeaderParameters)
        .sign(key.privateKey, { crit }),
    );
  }

  /** Token without a signature. */
  unsigned(permissions: unknown): string {
    return registered(this.as.op.unsigned(this.claims(permissions)));
  }

  /** Token with an HMAC whose secret is the public key of the server. */
  async signWithPublicKey(permissions: unknown): Promise<string> {
    const { jwk, kid } = this.as.op.key;
    const secret = new TextEncoder().encode(JSON.stringify(jwk));
    const signer = new SignJWT(this.claims(permissions)).setProtectedHeader({ alg: 'HS256', kid });
    return registered(await signer.sign(secret));
  }

  /** Claims of an RPT of alice. */
  claims(permissions: unknown, changes: Changes['claims'] = {}): JWTPayload {
    const now = Math.floor(this.as.op.clock() / 1000);
    return withoutUndefined({
      ...{ iss: this.as.issuer, aud: RS.client_id, sub: 'alice', azp: 'shop-web', typ: 'Bearer' },
      ...{ exp: now + 300, iat: now, jti: 'a1', scope: 'profile' },
      authorization: { permissions },
      ...changes,
    });
  }
}

function registered(token: string): string {
  registerSecret(token);
  return token;
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
