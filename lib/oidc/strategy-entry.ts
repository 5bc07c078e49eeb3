/** Entry of a login strategy in Passport, without an import of Passport: an optional package. */
export interface StrategyEntry {
  /**
   * Adds the strategy to Passport, whose table the whole process shares.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when its name is taken
   */
  add(): void;
  /** Removes the strategy from Passport, unless another one has taken its place. */
  remove(): void;
}
