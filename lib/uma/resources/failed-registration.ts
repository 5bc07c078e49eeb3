import { OxdCommandError } from '../../base/errors.js';
import type { PauseRange } from './backoff-retry.js';
import type { ReprotectMode } from './resource-registrar.js';

/** Meaning of a failed registration for the next attempt. */
export interface FailedRegistration {
  /** Bounds of the pause before the next attempt; undefined for the default. */
  readonly pauses?: PauseRange;
  /**
   * Number of resources that the attempt may have left at the authorization server, unknown to oxd.
   */
  readonly orphans: number;
}

/** Pause after an error that only an operator can fix, in milliseconds. */
const HOUR = 3_600_000;
const HOURLY: PauseRange = { min: HOUR, max: HOUR };
const GROWING: PauseRange = { min: 1_000, max: HOUR };

/** Rejections that remain without a change, unlike a timeout (408) and a rate limit (429). */
const PERMANENT_ERROR = /^http_status_(?!408|429)4\d\d$/;

/**
 * Reads the error of an attempt. oxd 3.1 registers one resource after another and stores none of
 * them if one is rejected, so each attempt may leave all but the rejected resource at the
 * authorization server, unknown to oxd. The embedded transport stores each resource at once and
 * leaves none.
 *
 * @param resources number of resources of the attempt
 */
export function failedRegistration(
  error: unknown,
  reprotectMode: ReprotectMode,
  resources: number,
): FailedRegistration {
  const isOfProtect = error instanceof OxdCommandError && error.command === 'uma_rs_protect';
  if (!isOfProtect || reprotectMode === 'upsert') return { orphans: 0 };
  // Returned before anything is sent: another site of the oxd-server protects the path.
  if (error.error === 'uma_protection_exists') return { pauses: HOURLY, orphans: 0 };
  if (!error.mayHaveRun) return { orphans: 0 };
  const orphans = resources - 1;
  if (PERMANENT_ERROR.test(error.error)) return { pauses: HOURLY, orphans };
  return orphans > 0 ? { pauses: GROWING, orphans } : { orphans };
}
