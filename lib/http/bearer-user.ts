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

/**
 * Sets `request.user`. Replaces a user of the session, because the token has decided about access.
 */
export function attachBearerUser(
  request: { user?: unknown },
  { token, sub, claims }: VerifiedToken,
): void {
  // The property is neither enumerable nor writable.
  const tokens = Object.defineProperty({}, 'access_token', {
    value: token,
  }) as BearerUser['tokens'];
  request.user = sub === undefined ? { claims, tokens } : { sub, claims, tokens };
}
