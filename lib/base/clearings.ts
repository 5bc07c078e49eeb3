/** Limit of remembered parts, which contain ids of sites and resources. */
const MAX_PARTS = 1000;

/**
 * Order of requests and clearings of a cache. A result that was requested before its part of the cache
 * was cleared must not be used, also if the response arrives afterwards.
 */
export class Clearings {
  private readonly cleared = new Map<string, number>();
  /** Position of a request that begins now, for {@link isCurrent}. */
  position = 0;
  private forgotten = 0;

  /** Outdates every result of a part that was requested before. */
  clear(part: string): void {
    this.position += 1;
    this.cleared.delete(part);
    this.cleared.set(part, this.position);
    if (this.cleared.size > MAX_PARTS) this.forgetOldest();
  }

  /** Returns false if the part was cleared after the request with this position had begun. */
  isCurrent(position: number, part: string): boolean {
    return position >= this.forgotten && position >= (this.cleared.get(part) ?? 0);
  }

  /** A forgotten clearing applies to every part. */
  private forgetOldest(): void {
    for (const [part, position] of this.cleared) {
      this.cleared.delete(part);
      this.forgotten = position;
      return;
    }
  }
}
