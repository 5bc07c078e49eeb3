import type { OxdUserProfile } from 'nestjs-oxd';

declare module 'express-session' {
  interface SessionData extends Visitor {}
}

/** Session of the visitor of one browser. */
export interface Visitor {
  /** Logged-in user with tokens; safe here because the session stays on the server. */
  user?: OxdUserProfile;
}

/** Claims of an access token. A client should not read them: the page does, because it explains them. */
export interface TokenClaims {
  readonly exp: number;
  readonly [claim: string]: unknown;
}

/** User of the visitor with the claims of the access token, until that expires. */
export function visitorOf({ user }: Visitor) {
  if (!user) return undefined;
  const token = user.tokens.access_token;
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const claims = JSON.parse(payload || '{"exp":0}') as TokenClaims;
  return claims.exp * 1000 > Date.now()
    ? { name: user.claims.name ?? user.sub, token, claims }
    : undefined;
}

/** Logged-in visitor. */
export type LoggedIn = NonNullable<ReturnType<typeof visitorOf>>;
