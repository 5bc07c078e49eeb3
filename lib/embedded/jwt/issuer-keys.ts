import { errors } from 'jose';
import type { OperationContext } from '../context/operation-context.js';
import { JWKS_ERROR_CODES } from '../requests/library-error.js';
import { OperationError } from '../requests/operation-error.js';

/**
 * Runs a verification, but none within a minute after the keys of the issuer were unavailable, so
 * that requests do not wait for them.
 *
 * @throws {OperationError} `key_id_not_found` when the key is unknown or unavailable
 * @throws {errors.JOSEError} when the JWT is invalid
 */
export function withIssuerKeys<T>(
  { runtime }: OperationContext,
  issuer: string,
  verify: () => Promise<T>,
): Promise<T> {
  const { keyLookups } = runtime.uma;
  if (keyLookups.isCoolingDown(issuer)) throw keyNotFound();
  return verify().catch((error: unknown) => {
    if (error instanceof errors.JWKSNoMatchingKey) throw keyNotFound();
    if (!isJwksFailure(error)) throw error;
    keyLookups.recordFailure(issuer);
    throw keyNotFound();
  });
}

/** True if the keys are unavailable or invalid, so that the token may still be valid. */
export function isJwksFailure(error: unknown): boolean {
  return !(error instanceof errors.JOSEError) || JWKS_ERROR_CODES.has(error.code);
}

function keyNotFound(): OperationError {
  const message = 'The key of the JWT is unknown or unavailable: the JWT cannot be verified.';
  return new OperationError('key_id_not_found', message);
}
