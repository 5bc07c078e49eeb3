import { randomBytes } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { lightweightClaims, type TestTokenOptions } from './access-token-claims.js';
import type { TokenSigner } from './token-signer.js';

/** Tokens of a `TestIssuer`, for its introspection. */
export class IssuedTokens {
  /** Claims of the tokens that do not contain all of them. */
  readonly #claims = new Map<string, JWTPayload>();
  readonly #revoked = new Set<string>();

  constructor(private readonly signer: TokenSigner) {}

  /** Issues a token with these claims in the requested form. */
  async issue(claims: JWTPayload, { form, header }: TestTokenOptions): Promise<string> {
    if (form === 'opaque') return this.remember(randomBytes(32).toString('base64url'), claims);
    if (form !== 'lightweight') return this.signer.sign(claims, header);
    return this.remember(await this.signer.sign(lightweightClaims(claims), header), claims);
  }

  /** Makes a token inactive. */
  revoke(token: string): void {
    this.#revoked.add(token);
  }

  /** Returns all claims of an active token; undefined if it is invalid, expired or revoked. */
  async find(token: string): Promise<JWTPayload | undefined> {
    if (this.#revoked.has(token)) return undefined;
    const claims = this.#claims.get(token);
    if (!claims) return this.signer.verify(token);
    return (claims.exp ?? 0) > Date.now() / 1000 ? claims : undefined;
  }

  private remember(token: string, claims: JWTPayload): string {
    this.#claims.set(token, claims);
    return token;
  }
}
