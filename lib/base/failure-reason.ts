import { OxdError, printable } from './errors.js';

/** Reason of a failure, for the log. */
export function failureReason(error: unknown): string {
  if (error instanceof OxdError) return `${error.code}: ${error.message}`;
  return printable(error instanceof Error ? error.message : 'unknown reason');
}
