import { inspect } from 'node:util';

/** Value that is printed instead of a secret. */
export const HIDDEN = '<hidden>';

/**
 * Replaces properties of an object in its JSON and in the output of `util.inspect()`, which
 * `console.log()` prints. A copy of the object prints its true values.
 *
 * @param printed printed values by name; names that the object lacks are ignored
 * @returns the same object
 */
export function printedWith<T extends object>(
  target: T,
  printed: Readonly<Record<string, unknown>>,
): T {
  const replaced = Object.entries(printed).filter(([name]) => Object.hasOwn(target, name));
  const print = (): object => ({ ...target, ...Object.fromEntries(replaced) });
  return Object.defineProperties(target, {
    toJSON: { value: print },
    [inspect.custom]: { value: print },
  });
}
