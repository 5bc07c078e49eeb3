import type { OxdUserProfile } from 'nestjs-oxd';

declare module 'express-session' {
  interface SessionData extends Visitor {}
}

/** Session of the visitor of one browser. */
export interface Visitor {
  /** Logged-in user with tokens; safe here because the session stays on the server. */
  user?: OxdUserProfile;
  /** Ticket to use again when the owner has decided. */
  waiting?: string;
}

/** User of the visitor, until the ID token expires: the authorization server accepts no older one. */
export function userOf({ user }: Visitor): OxdUserProfile | undefined {
  return user && user.claims.exp * 1000 > Date.now() ? user : undefined;
}
