/** Limits of {@link KeyLookups}. */
export interface LookupLimits {
  /** Time in which an unknown key is looked up once, in milliseconds. */
  readonly cooldown: number;
  /** Maximum number of keys of one server that are looked up within the cooldown. */
  readonly max: number;
}

/** Keys of RPTs. */
const RPT_KEYS: LookupLimits = { cooldown: 60_000, max: 10 };

/** Keys of access tokens, whatever ids the tokens name. */
export const ACCESS_TOKEN_KEYS: LookupLimits = { cooldown: 30_000, max: 1 };

interface Lookup {
  readonly kid: string | undefined;
  readonly at: number;
}

/**
 * Requests for keys of authorization servers. An unknown key is looked up once within the cooldown, so
 * that a server may rotate its keys again, and a limited number of keys for each server, whatever ids
 * its tokens name. After a failed request for keys the next one is sent after the cooldown.
 */
export class KeyLookups {
  private readonly recent = new Map<string, readonly Lookup[]>();
  private readonly failures = new Map<string, number>();

  constructor(
    private readonly clock: () => number,
    private readonly limits = RPT_KEYS,
  ) {}

  /**
   * Records a look-up, whose result replaces an earlier failure.
   *
   * @returns false, without a record, if the limits allow no further look-up
   */
  begin(issuer: string, kid: string | undefined): boolean {
    const { cooldown, max } = this.limits;
    const at = this.clock();
    const recent = (this.recent.get(issuer) ?? []).filter((one) => at < one.at + cooldown);
    const isAllowed = recent.length < max && recent.every((one) => one.kid !== kid);
    if (isAllowed) this.failures.delete(issuer);
    this.recent.set(issuer, isAllowed ? [...recent, { kid, at }] : recent);
    return isAllowed;
  }

  /** True within the cooldown after {@link recordFailure}. */
  isCoolingDown(issuer: string): boolean {
    const failedAt = this.failures.get(issuer);
    return failedAt !== undefined && this.clock() < failedAt + this.limits.cooldown;
  }

  /** Records that the keys of a server are unavailable or invalid. */
  recordFailure(issuer: string): void {
    this.failures.set(issuer, this.clock());
  }
}
