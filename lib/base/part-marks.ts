import { Clearings } from './clearings.js';

/** State of a part, such as a site or an RPT, between two clearings. */
export interface PartMark {
  /** False after a clearing of the part. */
  readonly isCurrent: boolean;
}

/**
 * Marks of the parts that cached values belong to. A value keeps the marks of its parts, and is current
 * while all of them are. So each clearing outdates the values of one part only, however many parts are
 * cleared. A mark beyond the maximum outdates the one that was obtained least recently.
 */
export class PartMarks {
  readonly #max: number;
  readonly #marks = new Map<string, { isCurrent: boolean }>();
  /** For requests in progress, which have no marks yet. */
  readonly #clearings = new Clearings();

  /** @param max maximum number of marks */
  constructor(max: number) {
    this.#max = max;
  }

  /** Position of a request that begins now, for {@link obtain}. */
  get position(): number {
    return this.#clearings.position;
  }

  /** Outdates every value of a part, also one that is being requested. */
  clear(part: string): void {
    this.#clearings.clear(part);
    this.#remove(part);
  }

  /** Returns undefined if one of the parts was cleared after the request with this position had begun. */
  obtain(parts: readonly string[], position: number): readonly PartMark[] | undefined {
    const isCurrent = parts.every((part) => this.#clearings.isCurrent(position, part));
    return isCurrent ? parts.map((part) => this.#markOf(part)) : undefined;
  }

  #markOf(part: string): PartMark {
    const mark = this.#marks.get(part) ?? { isCurrent: true };
    this.#marks.delete(part);
    this.#marks.set(part, mark);
    const [first] = this.#marks.keys();
    if (first !== undefined && this.#marks.size > this.#max) this.#remove(first);
    return mark;
  }

  #remove(part: string): void {
    const mark = this.#marks.get(part);
    if (mark) mark.isCurrent = false;
    this.#marks.delete(part);
  }
}

/** Returns false if one of the parts has been cleared since its mark was obtained. */
export function areCurrent(marks: readonly PartMark[]): boolean {
  return marks.every(({ isCurrent }) => isCurrent);
}
