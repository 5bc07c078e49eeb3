import { MAX_TIMER_DELAY } from '../../base/limits.js';
import { isTransport, type OxdOptions } from '../../options/oxd.options.js';

/** The decision, or one of its steps, exceeded its time limit. */
export class CheckTimeoutError extends Error {
  override readonly name = 'CheckTimeoutError';
}

/** Assumed timeout of a custom transport, in milliseconds. */
const CUSTOM_TRANSPORT_TIMEOUT = 30_000;

/** Time limit for the check of one request, in milliseconds: twice the timeout of the transport. */
export function checkLimit({ transport }: OxdOptions): number {
  return Math.min(
    2 * (isTransport(transport) ? CUSTOM_TRANSPORT_TIMEOUT : transport.timeout),
    MAX_TIMER_DELAY,
  );
}
