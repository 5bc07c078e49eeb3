import type { Mark, Marks } from './marks.js';

/** Service of one `OxdModule` that decides for the guards of its routes. */
export interface ModuleAuthorizer {
  /** Name of the module in messages. */
  readonly module: string;
}

type Class<T> = abstract new (...dependencies: never[]) => T;

/** Guard class with its decorators. */
export interface GuardFamily<A extends ModuleAuthorizer = ModuleAuthorizer> {
  readonly guard: Class<object>;
  /** Class of the service that Nest injects into the guard; it identifies the `OxdModule`. */
  readonly authorizer: Class<A>;
  readonly marks: Marks<Mark>;
  /** Returns the authorizer of a guard; undefined if the constructor of the guard has not run. */
  authorizerOf(guard: object): A | undefined;
}
