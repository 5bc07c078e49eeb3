import { deepFreeze } from '../base/deep-freeze.js';
import { textOf } from '../base/json.js';
import { scopesOf } from '../commands/access-token-rules.js';
import type { AccessTokenClaims } from '../commands/oidc.js';

/** Access token that was verified for this API. Frozen, because requests may share it. */
export interface VerifiedAccessToken {
  /** The token. Secret; not printed. */
  readonly token: string;
  /** Id of the user, or of the client; undefined if an introspection names none. */
  readonly sub: string | undefined;
  /** Claims of the JWT, or of the introspection response. */
  readonly claims: AccessTokenClaims;
  /** Scopes of the claims `scope` and `scp`. */
  readonly scopes: ReadonlySet<string>;
}

/** Access token that gives no access. */
export interface RejectedAccessToken {
  /** Reason for a log, without values of the token; its subject is the token ("it …"). */
  readonly rejected: string;
}

/** Largest claims that a cache retains, in characters of their JSON. */
const MAX_RETAINED = 65_536;

/** {@link VerifiedAccessToken} that hides the token when it is printed. */
export class VerifiedToken implements VerifiedAccessToken {
  readonly #token: string;
  #scopes: ReadonlySet<string> | undefined;
  readonly sub: string | undefined;

  constructor(
    token: string,
    readonly claims: AccessTokenClaims,
  ) {
    this.#token = token;
    this.sub = textOf(claims.sub);
    deepFreeze(claims);
    Object.freeze(this);
  }

  get token(): string {
    return this.#token;
  }

  /** Computed at first use: many routes need no scope. */
  get scopes(): ReadonlySet<string> {
    this.#scopes ??= scopesOf(this.claims);
    return this.#scopes;
  }

  /** False for claims that are too large for a cache. */
  get isRetainable(): boolean {
    return JSON.stringify(this.claims).length <= MAX_RETAINED;
  }
}
