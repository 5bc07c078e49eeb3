/** Where lower layers tell what they may not fail for. The module passes Nest's `Logger`. */
export interface OxdLog {
  /** Something works, but not as the operator would want it. */
  warn(message: string): void;
  /** Something does not work. */
  error(message: string): void;
  /** Details for the search of a cause, such as the description of a rejection; default none. */
  debug?(message: string): void;
}
