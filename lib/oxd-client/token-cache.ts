import { ExpiringCache, type CacheLimits, type Lifetime } from '../base/expiring-cache.js';
import { objectOf } from '../base/json.js';
import { tokenKey } from '../base/token-key.js';
import { areCurrent, PartMarks, type PartMark } from '../base/part-marks.js';
import { unverifiedExpiry } from '../commands/retained-permissions.js';
import type { CommandName, Params } from '../commands/command.js';
import type { ExecuteOptions } from '../commands/oxd-transport.js';
import type { Send } from './command-sender.js';

/** Dependencies of a {@link TokenCache}. */
export interface TokenCacheOptions extends CacheLimits {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Access token that was verified for a site. */
export interface TokenOwner {
  readonly oxd_id: string;
  readonly token: string;
  /** Purpose of the verification; a token that is valid for one may be invalid for another. */
  readonly use: string;
}

/** Begin of a verification, and expiry of its token. */
export interface VerificationTimes {
  /** In milliseconds since 1970. */
  readonly from: number;
  /** See {@link PartMarks}. */
  readonly position: number;
  /** Expiry of the token, in seconds since 1970; undefined if it is unknown. */
  readonly exp?: number;
}

interface Entry extends Lifetime {
  readonly value: object;
  /** Marks of the site and the token. */
  readonly marks: readonly PartMark[];
}

/** Commands after which no earlier verification of their site is used. */
const CHANGES = new Set<CommandName>().add('update_site').add('remove_site');

/** Verified access tokens, by site and token. Rejected tokens are verified each time. */
export class TokenCache {
  // `#` instead of `private`, so that no printed client shows users.
  readonly #entries: ExpiringCache<Entry>;
  readonly #marks: PartMarks;
  readonly #options: TokenCacheOptions;

  constructor(options: TokenCacheOptions) {
    this.#options = options;
    this.#entries = new ExpiringCache(options.max, options.clock);
    this.#marks = new PartMarks(2 * options.max);
  }

  /** Returns the value of a token that nothing has cleared since. */
  find({ oxd_id, token, use }: TokenOwner): object | undefined {
    const entry = this.#entries.get(use + tokenKey({ oxd_id }, token));
    return entry && areCurrent(entry.marks) ? entry.value : undefined;
  }

  /** Begins a verification, whose result {@link retain} may retain. */
  begin(): VerificationTimes {
    return { from: this.#options.clock(), position: this.#marks.position };
  }

  /** Retains the value of a token, unless site or token were cleared after the verification began. */
  retain({ oxd_id, token, use }: TokenOwner, value: object, times: VerificationTimes): void {
    const { from, position, exp = Infinity } = times;
    const key = tokenKey({ oxd_id }, token);
    const marks = this.#marks.obtain([oxd_id, key], position);
    if (!marks) return;
    const until = Math.min(from + this.#options.ttl, 1000 * exp, unverifiedExpiry(token));
    this.#entries.set(use + key, { value, from, until, marks });
  }

  /** Returns a sender that clears what its commands outdate. */
  watch(send: Send): Send {
    return <C extends CommandName>(command: C, params: Params<C>, options?: ExecuteOptions) => {
      const sent = send(command, params, options);
      // This cast is safe: a watched command is for a site, and names it.
      const { oxd_id, access_token } = params as { oxd_id: string; access_token: string };
      // A failed command may have changed something, too.
      if (CHANGES.has(command)) return sent.finally(() => this.#marks.clear(oxd_id));
      if (command !== 'introspect_access_token') return sent;
      return sent.then((result) => {
        if (objectOf(result)?.active !== true)
          this.#marks.clear(tokenKey({ oxd_id }, access_token));
        return result;
      });
    };
  }
}
