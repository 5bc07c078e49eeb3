/** Log of the rooms that do not import Nest. The module passes Nest's `Logger`. */
export interface OxdLog {
  /** Logs a condition that the operator should change but that stops no request. */
  warn(message: string): void;
  /** Logs a failure. */
  error(message: string): void;
  /** Logs a success that the operator waits for, such as a registration; optional. */
  log?(message: string): void;
  /** Logs details for diagnosis, such as the description of a rejection; optional. */
  debug?(message: string): void;
}
