import { hash } from 'node:crypto';
import { Clearings } from '../base/clearings.js';
import { OxdCommandError } from '../base/errors.js';
import { ExpiringCache, type CacheLimits, type Lifetime } from '../base/expiring-cache.js';
import { objectOf, parseJson } from '../base/json.js';
import type { CommandName, Params, Result } from '../commands/command.js';
import type { ExecuteOptions } from '../commands/oxd-transport.js';
import {
  earliestExpiry,
  freezePermissions,
  isRetainable,
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

/** Begin of a check. */
interface Begun {
  /** In milliseconds since 1970. */
  readonly from: number;
  /** See {@link Clearings}. */
  readonly position: number;
}

type Checked = Result<'uma_rs_check_access'>;

interface Grant extends Lifetime, Begun {
  readonly result: Checked;
}

/** Granted checks of one RPT; each of them has its own lifetime. */
interface RptGrants extends Lifetime {
  readonly byRequest: ExpiringCache<Grant>;
}

/** Maximum number of grants for one RPT. */
const MAX_GRANTS = 100;

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
  readonly #rpts: ExpiringCache<RptGrants>;
  readonly #clearings = new Clearings();
  readonly #options: GrantCacheOptions;

  constructor(options: GrantCacheOptions) {
    this.#options = options;
    this.#rpts = new ExpiringCache(options.max, options.clock);
  }

  /** Returns the result of the same check if that was granted, and nothing has cleared it since. */
  find(check: SiteCheck): Checked | undefined {
    if (!check.rpt) return undefined;
    const grant = this.#rpts.get(rptKey(check.oxd_id, check.rpt))?.byRequest.get(requestKey(check));
    if (!grant) return undefined;
    const isCurrent = [check.oxd_id, resourcePart(check)].every((part) =>
      this.#clearings.isCurrent(grant.position, part),
    );
    return isCurrent ? grant.result : undefined;
  }

  /** Returns a sender that retains grants, and clears what its commands outdate. */
  watch(send: Send): Send {
    return <C extends CommandName>(command: C, params: Params<C>, options?: ExecuteOptions) => {
      const begun = { from: this.#options.clock(), position: this.#clearings.position };
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
      if (check.rpt) this.#retain(check, check.rpt, { ...begun, result: result as Checked });
      return result;
    } catch (error) {
      const isUnprotected = error instanceof OxdCommandError && error.error === 'invalid_request';
      if (isUnprotected) this.#clearings.clear(resourcePart(check));
      throw error;
    }
  }

  async #watchIntrospection<R>({ oxd_id, rpt = '' }: SiteCheck, sent: Promise<R>): Promise<R> {
    const result = await sent;
    if (objectOf(result)?.active !== true) this.#rpts.delete(rptKey(oxd_id, rpt));
    return result;
  }

  /** A failed command may have changed something, too. */
  #watchChange<R>({ oxd_id }: SiteCheck, sent: Promise<R>): Promise<R> {
    return sent.finally(() => this.#clearings.clear(oxd_id));
  }

  #retain(check: SiteCheck, rpt: string, { result, ...begun }: Omit<Grant, 'until'>): void {
    const key = rptKey(check.oxd_id, rpt);
    const { access, permissions } = result;
    if (access !== 'granted' || !isRetainable(permissions)) return this.#rpts.delete(key);
    freezePermissions(permissions);
    const expiry = Math.min(earliestExpiry(result), earliestExpiry(unverifiedClaims(rpt)));
    const until = Math.min(begun.from + this.#options.ttl, expiry);
    const grants = this.#rpts.get(key) ?? this.#newGrants();
    grants.byRequest.set(requestKey(check), { ...begun, result, until });
    this.#rpts.set(key, grants);
  }

  #newGrants(): RptGrants {
    const byRequest = new ExpiringCache<Grant>(MAX_GRANTS, this.#options.clock);
    return { from: -Infinity, until: Infinity, byRequest };
  }
}

/** Contains no part of the RPT, which is a secret; the length separates the site from the RPT. */
function rptKey(oxd_id: string, rpt: string): string {
  return hash('sha256', `${oxd_id.length} ${oxd_id}${rpt}`, 'hex');
}

function requestKey({ path, http_method, scopes = [] }: SiteCheck): string {
  return JSON.stringify([http_method, path, ...scopes]);
}

/** oxd ignores the case of a path. */
function resourcePart({ oxd_id, path, http_method }: SiteCheck): string {
  return JSON.stringify([oxd_id, http_method, path.toLowerCase()]);
}

/** Expiry of an RPT that is a JWT. */
function unverifiedClaims(rpt: string): { readonly exp?: number } {
  const [, payload = ''] = rpt.split('.');
  const { exp } = objectOf(parseJson(Buffer.from(payload, 'base64url').toString())) ?? {};
  return typeof exp === 'number' ? { exp } : {};
}
