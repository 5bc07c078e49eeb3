import type { BearerRequirement } from '../declarations/bearer-requirement.js';

/** Time of a check. */
export interface CheckTime {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Tolerated difference of the clocks, in milliseconds. */
  readonly tolerance: number;
}

/**
 * Compares the authentication of the user with the required one. A token without the claim has not
 * shown it: access is denied.
 *
 * @returns reason of a denial for the log; undefined if the authentication suffices
 * @see RFC 9470 §3 and §6
 */
export function missingAuthentication(
  { acr_values, max_age }: BearerRequirement,
  { acr, auth_time }: Readonly<Record<string, unknown>>,
  time: CheckTime,
): string | undefined {
  if (acr_values && !acr_values.some((value) => value === acr))
    return `acr of the token is none of ${acr_values.join(', ')}`;
  if (max_age === undefined || isRecent(auth_time, max_age, time)) return undefined;
  return `auth_time of the token is missing or older than ${max_age} s`;
}

function isRecent(auth_time: unknown, max_age: number, { now, tolerance }: CheckTime): boolean {
  if (typeof auth_time !== 'number') return false;
  const age = now - auth_time * 1000;
  return age <= max_age * 1000 + tolerance && age >= -tolerance;
}
