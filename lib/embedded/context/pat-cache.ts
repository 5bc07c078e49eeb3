import { SingleFlight } from '../../base/single-flight.js';

/** A protection API access token. */
export interface Pat {
  /** A secret. */
  readonly token: string;
  /** From when on another one is obtained; milliseconds since 1970. */
  readonly renewAt: number;
}

/** Whom a PAT is for. */
export interface PatOwner {
  readonly oxd_id: string;
  readonly client_id: string;
}

/** How long PATs that are refused are not renewed, in milliseconds. */
const RENEWAL_COOLDOWN = 10_000;

/** The PATs of this process, in memory only: one request at a time for each client. */
export class PatCache {
  private readonly known = new Map<string, Pat>();
  private readonly refusals = new Map<string, number>();
  private readonly flights = new SingleFlight<Pat>();

  constructor(private readonly clock: () => number) {}

  /**
   * The PAT of a client, while it is good.
   *
   * @param refused the PAT that the authorization server has just refused
   */
  async get(owner: PatOwner, obtain: () => Promise<Pat>, refused?: Pat): Promise<Pat> {
    const key = keyOf(owner);
    const pat = this.known.get(key);
    if (pat && pat !== refused && this.clock() < pat.renewAt) return pat;
    return this.flights.run(key, async () => {
      const fresh = await obtain();
      this.known.set(key, fresh);
      return fresh;
    });
  }

  /** Keeps that a PAT was refused though it had just been obtained: another would be, too. */
  markFreshRejected(owner: PatOwner): void {
    this.refusals.set(keyOf(owner), this.clock() + RENEWAL_COOLDOWN);
  }

  /** Whether another PAT is worth a request where one is refused. */
  mayRenew(owner: PatOwner): boolean {
    return this.clock() >= (this.refusals.get(keyOf(owner)) ?? 0);
  }

  /** Forgets the PATs of a site. */
  forget(oxd_id: string): void {
    const start = JSON.stringify([oxd_id]).slice(0, -1);
    for (const map of [this.known, this.refusals]) {
      for (const key of map.keys()) if (key.startsWith(`${start},`)) map.delete(key);
    }
  }
}

function keyOf({ oxd_id, client_id }: PatOwner): string {
  return JSON.stringify([oxd_id, client_id]);
}
