import { oncePerObject } from '../base/once-per-object.js';

/** User of a request with a verified access token; `@OxdUser()` injects it. */
export interface BearerUser {
  /** Identifier of the user; of the client for a token of a client; undefined if the token has none. */
  readonly sub?: string;
  /** Claims of the verified token, or of its introspection. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Tokens of the request. */
  readonly tokens: {
    /** The token. Not enumerable, so that neither logs nor JSON of the user contain it. */
    readonly access_token: string;
  };
}

/** Parts of a verified access token. */
interface VerifiedToken {
  readonly token: string;
  readonly sub: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Sets the users of requests. Requests with one cached token share its tokens: making them takes a microsecond. */
export class BearerUsers {
  readonly #tokensOf = oncePerObject(hiddenTokens);

  /** Sets `request.user`. Replaces a user of the session, because the token has decided about access. */
  attach(request: { user?: unknown }, verified: VerifiedToken): void {
    const { sub, claims } = verified;
    const tokens = this.#tokensOf(verified);
    request.user = sub === undefined ? { claims, tokens } : { sub, claims, tokens };
  }
}

function hiddenTokens({ token }: VerifiedToken): BearerUser['tokens'] {
  const tokens = { access_token: token };
  return Object.freeze(Object.defineProperty(tokens, 'access_token', { enumerable: false }));
}
