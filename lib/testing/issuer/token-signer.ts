import { randomUUID } from 'node:crypto';
import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  type GenerateKeyPairResult,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
} from 'jose';

const ALGORITHM = 'RS256';

interface SigningKey {
  readonly privateKey: GenerateKeyPairResult['privateKey'];
  readonly publicJwk: JWK;
}

/** Signs and verifies tokens with keys of this process. */
export class TokenSigner {
  private constructor(
    private readonly issuer: string,
    private key: SigningKey,
    /** Public keys, for the endpoint `jwks_uri`. */
    public jwks: JSONWebKeySet,
  ) {}

  /** Creates a signer with a new key. */
  static async create(issuer: string): Promise<TokenSigner> {
    const key = await newKey();
    return new TokenSigner(issuer, key, { keys: [key.publicJwk] });
  }

  /**
   * Signs with a new key from now on.
   *
   * @param keepOld publishes the former keys, too
   */
  async rotate(keepOld: boolean): Promise<void> {
    this.key = await newKey();
    this.jwks = { keys: [this.key.publicJwk, ...(keepOld ? this.jwks.keys : [])] };
  }

  /** Signs a token with these claims and header parameters. */
  sign(claims: JWTPayload, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { privateKey, publicJwk } = this.key;
    const parameters = { alg: ALGORITHM, typ: 'JWT', kid: publicJwk.kid, ...header };
    return new SignJWT(claims).setProtectedHeader(parameters).sign(privateKey);
  }

  /**
   * Returns the claims of a token that is signed with a published key of this issuer; undefined if it
   * is invalid or expired.
   */
  async verify(token: string): Promise<JWTPayload | undefined> {
    const { issuer, jwks } = this;
    try {
      return (await jwtVerify(token, createLocalJWKSet(jwks), { issuer })).payload;
    } catch {
      return undefined;
    }
  }
}

async function newKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const published = { kid: randomUUID(), alg: ALGORITHM, use: 'sig' };
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), ...published } };
}
