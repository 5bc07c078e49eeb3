/** Time in which an unknown key is looked up once, in milliseconds. */
const COOLDOWN = 60_000;

/** Maximum number of keys of one server that are looked up within the cooldown. */
const MAX_LOOKUPS = 10;

interface Lookup {
  readonly kid: string | undefined;
  readonly at: number;
}

/**
 * Requests for keys of authorization servers. An unknown key is looked up once a minute, so that a
 * server may rotate its keys again, and ten keys a minute for each server, whatever ids its tokens
 * name. After a failed request for keys the next one is sent a minute later.
 */
export class KeyLookups {
  private readonly recent = new Map<string, readonly Lookup[]>();
  private readonly failures = new Map<string, number>();

  constructor(private readonly clock: () => number) {}

  /**
   * Records a look-up.
   *
   * @returns false, without a record, if the limits allow no further look-up
   */
  begin(issuer: string, kid: string | undefined): boolean {
    const at = this.clock();
    const recent = (this.recent.get(issuer) ?? []).filter((one) => at < one.at + COOLDOWN);
    const isAllowed = recent.length < MAX_LOOKUPS && recent.every((one) => one.kid !== kid);
    this.recent.set(issuer, isAllowed ? [...recent, { kid, at }] : recent);
    return isAllowed;
  }

  /** True within the cooldown after {@link recordFailure}. */
  isCoolingDown(issuer: string): boolean {
    const failedAt = this.failures.get(issuer);
    return failedAt !== undefined && this.clock() < failedAt + COOLDOWN;
  }

  /** Records that the keys of a server are unavailable or invalid. */
  recordFailure(issuer: string): void {
    this.failures.set(issuer, this.clock());
  }
}
