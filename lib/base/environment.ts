/**
 * Returns true for `production` and `prod`, whatever their case: a misspelled `NODE_ENV` must not turn
 * the rules for production off.
 *
 * @param environment value of `NODE_ENV`
 */
export function isProduction(environment: string | undefined = process.env.NODE_ENV): boolean {
  return /^prod(uction)?$/i.test(environment?.trim() ?? '');
}
