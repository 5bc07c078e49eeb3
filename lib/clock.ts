/** What time it is. Injectable by this class: tests override it instead of waiting. */
export abstract class OxdClock {
  /** Milliseconds since 1970. */
  abstract readonly now: () => number;
}
