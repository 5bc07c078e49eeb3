import { ValidateBy, isObject, type ValidationArguments } from 'class-validator';
import { isLoopback, proxyProblem } from '../base/network-rules.js';

/** Returns a message for an invalid value, and another one for a missing value. */
export function missingOr(message: string) {
  return ({ value }: ValidationArguments): string =>
    value === undefined || value === null ? 'is missing' : message;
}

/** Requires an object whose values are strings. */
export function IsStringMap(): PropertyDecorator {
  return ValidateBy({
    name: 'isStringMap',
    validator: {
      validate: (value: unknown) =>
        isObject(value) && Object.values(value as object).every((item) => typeof item === 'string'),
      defaultMessage: () => 'must be an object of strings',
    },
  });
}

/** Requires a time; one message for every invalid value, such as `10s`. */
export function IsMilliseconds(min: number, max = Number.MAX_SAFE_INTEGER): PropertyDecorator {
  return ValidateBy({
    name: 'isMilliseconds',
    validator: {
      validate: (value: unknown) =>
        Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
      defaultMessage: () => `must be milliseconds, an integer from ${min} to ${max}`,
    },
  });
}

/** Requires the URL of a forward proxy, or `false`. */
export function IsProxy(): PropertyDecorator {
  const problemOf = (value: unknown) => (value === false ? undefined : proxyProblem(value));
  return ValidateBy({
    name: 'isProxy',
    validator: {
      validate: (value: unknown) => problemOf(value) === undefined,
      defaultMessage: (args) => problemOf(args?.value) ?? '',
    },
  });
}

/** Requires the URL of an oxd. */
export function IsOxdUrl(): PropertyDecorator {
  return ValidateBy({
    name: 'isOxdUrl',
    validator: {
      validate: isOxdUrl,
      defaultMessage: missingOr(
        'must be an https URL without query, fragment and user name, or such an http URL on a loopback host',
      ),
    },
  });
}

function isOxdUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value) || /[?#]/.test(value)) return false;
  const { protocol, username, password } = new URL(value);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(value));
}
