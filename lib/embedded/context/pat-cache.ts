import { oncePerObject } from '../../base/once-per-object.js';
import { SingleFlight } from '../../base/single-flight.js';

/** Protection API access token. */
export interface Pat {
  /** Header `Authorization` with the token, a secret. */
  readonly authorization: string;
  /** Time from which another PAT is requested, in milliseconds since 1970. */
  readonly renewAt: number;
}

/** Client that a PAT is issued to. */
export interface PatOwner {
  readonly oxd_id: string;
  readonly client: { readonly client_id: string };
}

/** Time without renewal after a fresh PAT was rejected, in milliseconds. */
const RENEWAL_COOLDOWN = 10_000;

/** PATs of this process, in memory only; one token request at a time for each client. */
export class PatCache {
  private readonly known = new Map<string, Pat>();
  private readonly freshRejections = new Map<string, number>();
  private readonly flights = new SingleFlight<Pat>();
  /** Records of sites are owners, and are passed for each request. */
  private readonly keyOf = oncePerObject(keyOf);

  constructor(private readonly clock: () => number) {}

  /** Returns the cached PAT of a client; undefined if it must be renewed. */
  current(owner: PatOwner): Pat | undefined {
    const pat = this.known.get(this.keyOf(owner));
    return pat && this.clock() < pat.renewAt ? pat : undefined;
  }

  /**
   * Returns the cached PAT of a client, or obtains another one.
   *
   * @param rejected the PAT that the authorization server has just rejected
   */
  async get(owner: PatOwner, obtain: () => Promise<Pat>, rejected?: Pat): Promise<Pat> {
    const pat = this.current(owner);
    if (pat && pat !== rejected) return pat;
    const key = this.keyOf(owner);
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
    this.freshRejections.set(this.keyOf(owner), this.clock() + RENEWAL_COOLDOWN);
  }

  /** Returns false during the cooldown after a fresh PAT was rejected. */
  mayRenew(owner: PatOwner): boolean {
    return this.clock() >= (this.freshRejections.get(this.keyOf(owner)) ?? 0);
  }

  /** Deletes the PATs of a site. */
  forget(oxd_id: string): void {
    const start = JSON.stringify([oxd_id]).slice(0, -1);
    for (const map of [this.known, this.freshRejections]) {
      for (const key of map.keys()) if (key.startsWith(`${start},`)) map.delete(key);
    }
  }
}

function keyOf({ oxd_id, client: { client_id } }: PatOwner): string {
  return JSON.stringify([oxd_id, client_id]);
}
