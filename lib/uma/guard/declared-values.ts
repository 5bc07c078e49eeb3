import type { ExecutionContext } from '@nestjs/common';
import type { OxdClock } from '../../base/clock.js';
import { isJsonObject, isStringList } from '../../base/json.js';
import { isPromiseLike, type Pending } from '../../base/pending.js';
import type { UmaPushedClaims } from '../../commands/uma.js';
import { withFunctionLimit } from '../../routes/function-limit.js';
import { isResourceName } from '../declarations/declaration-rules.js';
import type { UmaDeclaration } from '../declarations/declaration.js';

/** Values of a declaration for one request. */
export interface DeclaredValues {
  readonly resource?: string;
  readonly claims?: UmaPushedClaims;
}

/** Reason for which a function of a declaration gives no access. */
export class InvalidValueError extends Error {
  override readonly name = 'InvalidValueError';
}

/**
 * Returns the resource and the claims of a declaration for a request; calls their functions.
 *
 * @throws {InvalidValueError} for a value of the wrong type
 * @throws {CheckTimeoutError} when a function takes longer than 10 seconds
 * @throws the error of a function
 */
export async function declaredValues(
  { resource, claims }: UmaDeclaration,
  context: ExecutionContext,
  clock: OxdClock,
): Promise<DeclaredValues> {
  const name =
    typeof resource === 'function' ? await valueOf(() => resource(context), clock) : resource;
  if (name !== undefined && !isResourceName(name)) {
    throw new InvalidValueError('the function of resource returned no name and no id');
  }
  const pushed = claims && (await valueOf(() => claims(context), clock));
  if (claims && !areClaims(pushed)) {
    throw new InvalidValueError('the function of claims returned no object of lists of strings');
  }
  return { ...(resource !== undefined && { resource: name }), ...(claims && { claims: pushed }) };
}

function areClaims(value: unknown): value is UmaPushedClaims {
  return isJsonObject(value) && Object.values(value).every(isStringList);
}

/** Value of a function of the application; a value that is available at once needs no timer. */
async function valueOf<T>(call: () => Pending<T>, clock: OxdClock): Promise<T> {
  const value = call();
  return isPromiseLike(value) ? withFunctionLimit(clock, async () => value) : value;
}
