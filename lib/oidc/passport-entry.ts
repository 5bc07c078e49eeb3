import passport, { type Strategy } from 'passport';
import { OxdConfigurationError } from '../base/errors.js';
import type { StrategyEntry } from './strategy-entry.js';

/** Entry of one strategy in the strategy table of Passport. */
export class PassportEntry implements StrategyEntry {
  /** @param replaceable class whose instances a newer strategy replaces under `NODE_ENV=test` */
  constructor(
    readonly strategy: Strategy & { readonly name: string },
    private readonly replaceable: abstract new (...args: never) => Strategy,
  ) {}

  add(): void {
    const { name } = this.strategy;
    const present = strategyOf(name);
    if (present !== undefined && !this.replaces(present)) {
      throw new OxdConfigurationError([nameTaken(name)]);
    }
    passport.use(name, this.strategy);
  }

  remove(): void {
    const { name } = this.strategy;
    if (strategyOf(name) === this.strategy) passport.unuse(name);
  }

  /** Tests may replace a strategy, because many tests do not close their applications. */
  private replaces(present: unknown): boolean {
    return process.env.NODE_ENV === 'test' && present instanceof this.replaceable;
  }
}

/** Reads the table in Passport: no public method exists, and a copy here could differ from it. */
function strategyOf(name: string): unknown {
  const { _strategies: table } = passport as unknown as { _strategies: Record<string, unknown> };
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function nameTaken(name: string): string {
  return (
    `name: Passport already has a strategy '${name}' in this process; give each OxdModule ` +
    'another name, and close an application before it starts again'
  );
}
