import { OxdCommandError } from '../base/errors.js';
import { ExpiringCache, type CacheLimits, type Lifetime } from '../base/expiring-cache.js';
import { objectOf } from '../base/json.js';
import { tokenKey } from '../base/token-key.js';
import { areCurrent, PartMarks, type PartMark } from '../base/part-marks.js';
import type { CommandName, Params, Result } from '../commands/command.js';
import type { ExecuteOptions } from '../commands/oxd-transport.js';
import {
  earliestExpiry,
  frozenPermissions,
  isRetainable,
  unverifiedExpiry,
} from '../commands/retained-permissions.js';
import type { Send } from './command-sender.js';

/** Dependencies of a {@link GrantCache}. */
export interface GrantCacheOptions extends CacheLimits {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Check of an RPT for a site. */
export type SiteCheck = Params<'uma_rs_check_access'> & {
  readonly oxd_id: string;
};

type RptCheck = SiteCheck & { readonly rpt: string };

/** Begin of a check. */
interface Begun {
  /** In milliseconds since 1970. */
  readonly from: number;
  /** See {@link PartMarks}. */
  readonly position: number;
}

type Checked = Result<'uma_rs_check_access'>;

interface Grant extends Lifetime {
  readonly result: Checked;
  /** Marks of the site, the resource and the RPT. */
  readonly marks: readonly PartMark[];
}

/** Commands after which no earlier grant of their site is used. */
const CHANGES = new Set<CommandName>()
  .add('uma_rs_protect')
  .add('uma_rs_modify')
  .add('update_site')
  .add('remove_site');

/**
 * Granted checks of a transport without an own cache, by site, RPT, path, method and scopes. A
 * check that was denied is executed each time, so that every request gets its own ticket. The expiry of
 * an opaque RPT and of its permissions is unknown on oxd: such a grant ends after `ttl`. The `exp` of a
 * JWT, which is not verified here, may only shorten that.
 */
export class GrantCache {
  // `#` instead of `private`, so that no printed client shows users and permissions.
  readonly #grants: ExpiringCache<Grant>;
  readonly #marks: PartMarks;
  readonly #options: GrantCacheOptions;

  constructor(options: GrantCacheOptions) {
    this.#options = options;
    this.#grants = new ExpiringCache(options.max, options.clock);
    this.#marks = new PartMarks(3 * options.max);
  }

  /** Returns the result of the same check if that was granted, and nothing has cleared it since. */
  find(check: SiteCheck): Checked | undefined {
    if (!check.rpt) return undefined;
    const grant = this.#grants.get(
      requestKey(check, tokenKey({ oxd_id: check.oxd_id }, check.rpt)),
    );
    return grant && areCurrent(grant.marks) ? grant.result : undefined;
  }

  /** Returns a sender that retains grants, and clears what its commands outdate. */
  watch(send: Send): Send {
    return <C extends CommandName>(command: C, params: Params<C>, options?: ExecuteOptions) => {
      const begun = { from: this.#options.clock(), position: this.#marks.position };
      const sent = send(command, params, options);
      // This cast is safe: a watched command is for a site, and names it.
      const watched = params as SiteCheck;
      if (command === 'uma_rs_check_access') return this.#watchCheck(watched, sent, begun);
      if (command === 'introspect_rpt') return this.#watchIntrospection(watched, sent);
      return CHANGES.has(command) ? this.#watchChange(watched, sent) : sent;
    };
  }

  async #watchCheck<R>(check: SiteCheck, sent: Promise<R>, begun: Begun): Promise<R> {
    try {
      const result = await sent;
      if (check.rpt) this.#note({ ...check, rpt: check.rpt }, result as Checked, begun);
      return result;
    } catch (error) {
      const isUnprotected = error instanceof OxdCommandError && error.error === 'invalid_request';
      if (isUnprotected) this.#marks.clear(resourcePart(check));
      throw error;
    }
  }

  async #watchIntrospection<R>({ oxd_id, rpt = '' }: SiteCheck, sent: Promise<R>): Promise<R> {
    const result = await sent;
    if (objectOf(result)?.active !== true) this.#marks.clear(tokenKey({ oxd_id }, rpt));
    return result;
  }

  /** A failed command may have changed something, too. */
  #watchChange<R>({ oxd_id }: SiteCheck, sent: Promise<R>): Promise<R> {
    return sent.finally(() => this.#marks.clear(oxd_id));
  }

  /** Retains a grant; any other result outdates the grants of the RPT. */
  #note(check: RptCheck, result: Checked, { from, position }: Begun): void {
    const key = tokenKey({ oxd_id: check.oxd_id }, check.rpt);
    if (result.access !== 'granted') return this.#marks.clear(key);
    if (!isRetainable(result.permissions)) return;
    const marks = this.#marks.obtain([check.oxd_id, resourcePart(check), key], position);
    if (!marks) return;
    const expiry = Math.min(earliestExpiry(result), unverifiedExpiry(check.rpt));
    const until = Math.min(from + this.#options.ttl, expiry);
    this.#grants.set(requestKey(check, key), { from, until, marks, result: frozen(result) });
  }
}

/** Returns a copy that later callers share; the first caller and the transport keep their own. */
function frozen({ permissions, ...result }: Checked): Checked {
  return Object.freeze({
    ...result,
    ...(permissions && { permissions: frozenPermissions(permissions) }),
  });
}

function requestKey(check: SiteCheck, rptKeyOfSite: string): string {
  const { path, http_method, scopes, mode, resource, claims } = check;
  return JSON.stringify([rptKeyOfSite, http_method, path, scopes, mode, resource, claims]);
}

/** oxd ignores the case of a path; one resource has one name, however a caller writes the method. */
function resourcePart({ oxd_id, path = '', http_method = '' }: SiteCheck): string {
  return JSON.stringify([oxd_id, http_method.toUpperCase(), path.toLowerCase()]);
}
