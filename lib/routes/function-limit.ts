import type { OxdClock } from '../base/clock.js';
import { withTimeLimit } from '../base/time-limit.js';
import { untilAborted } from '../base/until-aborted.js';
import { CheckTimeoutError } from './check-timeout.js';

/** Time limit for a function of the application that a check needs, in milliseconds. */
const FUNCTION_TIMEOUT = 10_000;

/**
 * Waits for a function of the application, such as `uma.paths`.
 *
 * @throws {CheckTimeoutError} after 10 seconds
 * @throws the error of the function
 */
export function withFunctionLimit<T>(clock: OxdClock, work: () => Promise<T>): Promise<T> {
  const error = () => new CheckTimeoutError(`no result in ${FUNCTION_TIMEOUT} ms`);
  const limit = { timers: clock, milliseconds: FUNCTION_TIMEOUT, error };
  return withTimeLimit(limit, (signal) => untilAborted(signal, work()));
}
