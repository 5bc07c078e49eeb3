import { Clearings } from './clearings.js';
import { ExpiringCache, type Lifetime } from './expiring-cache.js';

/** State of a part, such as a site or an RPT, between two clearings. */
export interface PartMark extends Lifetime {
  readonly part: string;
}

/**
 * Marks of the parts that cached values belong to. A value keeps the marks of its parts, and is current
 * while none of them has been replaced. So each clearing outdates the values of one part only, however
 * many parts are cleared. A mark that was removed as the least recently used outdates its values, too.
 */
export class PartMarks {
  readonly #marks: ExpiringCache<PartMark>;
  /** For requests in progress, which have no marks yet. */
  readonly #clearings = new Clearings();

  /** @param max maximum number of marks */
  constructor(max: number) {
    this.#marks = new ExpiringCache(max, () => 0);
  }

  /** Position of a request that begins now, for {@link obtain}. */
  get position(): number {
    return this.#clearings.position;
  }

  /** Outdates every value of a part, also one that is being requested. */
  clear(part: string): void {
    this.#clearings.clear(part);
    this.#marks.delete(part);
  }

  /** Returns undefined if one of the parts was cleared after the request with this position had begun. */
  obtain(parts: readonly string[], position: number): readonly PartMark[] | undefined {
    const isCurrent = parts.every((part) => this.#clearings.isCurrent(position, part));
    return isCurrent ? parts.map((part) => this.#markOf(part)) : undefined;
  }

  /** Returns false if one of the parts has been cleared since the marks were obtained. */
  areCurrent(marks: readonly PartMark[]): boolean {
    return marks.every((mark) => this.#marks.get(mark.part) === mark);
  }

  #markOf(part: string): PartMark {
    const mark = this.#marks.get(part) ?? { part, from: -Infinity, until: Infinity };
    this.#marks.set(part, mark);
    return mark;
  }
}
