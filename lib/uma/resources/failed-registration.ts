import { OxdCommandError } from '../../base/errors.js';
import type { PauseRange } from './backoff-retry.js';
import type { ReprotectMode } from './resource-registrar.js';

/** Meaning of a failed registration for the next attempt. */
export interface FailedRegistration {
  /** Bounds of the pause before the next attempt; undefined for the usual ones. */
  readonly pauses?: PauseRange;
  /** Number of resources that the attempt may have left at the authorization server. */
  readonly left: number;
}

/** Pause after an error that only an operator can remove, in milliseconds. */
const HOUR = 3_600_000;
const SELDOM: PauseRange = { least: HOUR, most: HOUR };
const GROWING: PauseRange = { least: 1_000, most: HOUR };

/** Rejections that do not pass by themselves, as a timeout (408) and a rate limit (429) do. */
const LASTING = /^http_status_(?!408|429)4\d\d$/;

/**
 * Reads the error of an attempt. oxd 3.1 registers one resource after another and stores none of them
 * if one is rejected, so each attempt may leave all but the rejected one at the authorization server,
 * where nobody knows them. The embedded transport stores each resource at once and leaves none.
 *
 * @param resources number of resources of the attempt
 */
export function failedRegistration(
  error: unknown,
  secondCall: ReprotectMode,
  resources: number,
): FailedRegistration {
  const isOfProtect = error instanceof OxdCommandError && error.command === 'uma_rs_protect';
  if (!isOfProtect || secondCall === 'upsert') return { left: 0 };
  // Reported before anything is sent: another site of the oxd-server answers for the path.
  if (error.error === 'uma_protection_exists') return { pauses: SELDOM, left: 0 };
  if (!error.mayHaveRun) return { left: 0 };
  const left = resources - 1;
  if (LASTING.test(error.error)) return { pauses: SELDOM, left };
  return left > 0 ? { pauses: GROWING, left } : { left };
}
