import { SingleFlight } from '../../base/single-flight.js';

/** Protection API access token. */
export interface Pat {
  /** The token, a secret. */
  readonly token: string;
  /** Time from which another PAT is requested, in milliseconds since 1970. */
  readonly renewAt: number;
}

/** Client that a PAT is issued to. */
export interface PatOwner {
  readonly oxd_id: string;
  readonly client_id: string;
}

/** Time without renewal after a fresh PAT was rejected, in milliseconds. */
const RENEWAL_COOLDOWN = 10_000;

/** PATs of this process, in memory only; one token request at a time for each client. */
export class PatCache {
  private readonly known = new Map<string, Pat>();
  private readonly freshRejections = new Map<string, number>();
  private readonly flights = new SingleFlight<Pat>();

  constructor(private readonly clock: () => number) {}

  /**
   * Returns the cached PAT of a client, or obtains another one.
   *
   * @param rejected the PAT that the authorization server has just rejected
   */
  async get(owner: PatOwner, obtain: () => Promise<Pat>, rejected?: Pat): Promise<Pat> {
    const key = keyOf(owner);
    const pat = this.known.get(key);
    if (pat && pat !== rejected && this.clock() < pat.renewAt) return pat;
    return this.flights.run(key, async () => {
      const fresh = await obtain();
      this.known.set(key, fresh);
      return fresh;
    });
  }

  /**
   * Records the rejection of a PAT that had just been issued: another PAT would be rejected, too.
   */
  markFreshRejected(owner: PatOwner): void {
    this.freshRejections.set(keyOf(owner), this.clock() + RENEWAL_COOLDOWN);
  }

  /** Returns false during the cooldown after a fresh PAT was rejected. */
  mayRenew(owner: PatOwner): boolean {
    return this.clock() >= (this.freshRejections.get(keyOf(owner)) ?? 0);
  }

  /** Deletes the PATs of a site. */
  forget(oxd_id: string): void {
    const start = JSON.stringify([oxd_id]).slice(0, -1);
    for (const map of [this.known, this.freshRejections]) {
      for (const key of map.keys()) if (key.startsWith(`${start},`)) map.delete(key);
    }
  }
}

function keyOf({ oxd_id, client_id }: PatOwner): string {
  return JSON.stringify([oxd_id, client_id]);
}
