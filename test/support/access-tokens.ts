import { createPublicKey } from 'node:crypto';
import {
  CompactEncrypt,
  CompactSign,
  generateSecret,
  SignJWT,
  type CompactJWSHeaderParameters,
  type CryptoKey,
  type JWK,
} from 'jose';
import type { FakeOp } from './fake-op.js';
import { registerSecret } from './secrets.js';

/** Identifier of the API in tests. */
export const API = 'https://api.example.com';

/** Changes of a token; undefined removes a claim or a header parameter. */
export interface TokenChanges {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Key that signs instead of that of the provider. */
  readonly key?: CryptoKey;
}

/** Signs access tokens for {@link API} with the key of a {@link FakeOp}. */
export class AccessTokens {
  constructor(private readonly op: FakeOp) {}

  /** JWT of alice with the scopes `read` and `write`. */
  sign({ claims, header, key }: TokenChanges = {}): Promise<string> {
    return this.signText(JSON.stringify(this.claims(claims)), header, key);
  }

  /** Token with any payload. */
  async signText(
    payload: string,
    header: TokenChanges['header'] = {},
    key = this.op.key.privateKey,
  ): Promise<string> {
    const { alg, kid } = this.op.key;
    const names = withoutUndefined({ alg, typ: 'at+jwt', kid, ...header });
    const crit = Object.fromEntries([header.crit ?? []].flat().map((name) => [name, true]));
    const signer = new CompactSign(new TextEncoder().encode(payload)).setProtectedHeader(
      names as unknown as CompactJWSHeaderParameters,
    );
    return registered(await signer.sign(key, { crit }));
  }

  /** JWT without a signature. */
  unsigned(): string {
    return registered(this.op.unsigned(this.claims()));
  }

  /** JWT with an HMAC whose secret is the public key of the provider. */
  async signWithPublicKey(form: 'jwk' | 'pem' = 'jwk'): Promise<string> {
    const { jwk, kid } = this.op.key;
    const secret = new TextEncoder().encode(form === 'jwk' ? JSON.stringify(jwk) : pemOf(jwk));
    const header = { alg: 'HS256', typ: 'at+jwt', kid };
    return registered(await new SignJWT(this.claims()).setProtectedHeader(header).sign(secret));
  }

  /** JWT as content of an encrypted token. */
  async encrypted(): Promise<string> {
    const key = await generateSecret('A256GCM', { extractable: true });
    const text = new TextEncoder().encode(await this.sign());
    const header = { alg: 'dir', enc: 'A256GCM', cty: 'JWT' };
    return registered(await new CompactEncrypt(text).setProtectedHeader(header).encrypt(key));
  }

  /** Claims of a token of alice. */
  claims(changes: TokenChanges['claims'] = {}): Record<string, unknown> {
    const now = Math.floor(this.op.clock() / 1000);
    return withoutUndefined({
      ...{ iss: this.op.issuer, aud: API, sub: 'alice', client_id: 'shop-web' },
      ...{ exp: now + 300, iat: now, jti: 'a1', scope: 'read write' },
      ...changes,
    });
  }
}

function pemOf(key: JWK): string {
  const publicKey = createPublicKey({ key: { ...key }, format: 'jwk' });
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

function registered(token: string): string {
  registerSecret(token);
  return token;
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
