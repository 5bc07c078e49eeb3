/**
 * Entry of a login strategy in Passport. Does not import Passport, which is an optional package.
 */
export interface StrategyEntry {
  /**
   * Adds the strategy to Passport. All applications of a process share the strategies of Passport.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the name is already used
   */
  add(): void;
  /** Removes the strategy from Passport, unless another strategy has replaced it. */
  remove(): void;
}
