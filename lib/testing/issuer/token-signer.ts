import {
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  type GenerateKeyPairResult,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose';

const ALGORITHM = 'RS256';
const KEY_ID = 'test-key';

/** Signs and verifies tokens with a key of this process. */
export class TokenSigner {
  private constructor(
    private readonly issuer: string,
    private readonly keys: GenerateKeyPairResult,
    /** Public key, for the endpoint `jwks_uri`. */
    readonly jwks: JSONWebKeySet,
  ) {}

  /** Creates a signer with a new key. */
  static async create(issuer: string): Promise<TokenSigner> {
    const keys = await generateKeyPair(ALGORITHM);
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: KEY_ID, alg: ALGORITHM, use: 'sig' };
    return new TokenSigner(issuer, keys, { keys: [jwk] });
  }

  /** Signs a token with these claims. */
  sign(claims: JWTPayload): Promise<string> {
    const header = { alg: ALGORITHM, typ: 'JWT', kid: KEY_ID };
    return new SignJWT(claims).setProtectedHeader(header).sign(this.keys.privateKey);
  }

  /** Returns the claims of a token of this issuer; undefined if it is invalid or expired. */
  async verify(token: string): Promise<JWTPayload | undefined> {
    const { issuer } = this;
    try {
      return (await jwtVerify(token, this.keys.publicKey, { issuer })).payload;
    } catch {
      return undefined;
    }
  }
}
