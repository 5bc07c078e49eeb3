import { ValidateBy, isObject, isURL, type ValidationArguments } from 'class-validator';
import { redirectUriProblem } from '../site/redirect-uris.js';
import { textOf } from '../base/json.js';
import { isLoopback, proxyProblem } from '../base/network-rules.js';

/** Returns a message for an invalid value, and another one for a missing value. */
export function missingOr(message: string) {
  return ({ value }: ValidationArguments): string =>
    value === undefined || value === null ? 'is missing' : message;
}

/** Rules of an http or https URL. */
export const URL_RULE = {
  require_tld: false,
  require_protocol: true,
  protocols: ['http', 'https'],
};

/**
 * Requires a redirect URI that suits `application_type` of the same object.
 *
 * @param each true for a list
 */
export function IsRedirectUri(each: boolean): PropertyDecorator {
  const typeOf = (args?: ValidationArguments): unknown =>
    (args?.object as { readonly application_type?: unknown } | undefined)?.application_type;
  const problemOf = (value: unknown, type: unknown): string | undefined =>
    redirectUriProblem(value, type) ?? redirectUriProblem(isUrl(value, type) ? value : '', type);
  const validator = {
    validate: (value: unknown, args?: ValidationArguments) =>
      problemOf(value, typeOf(args)) === undefined,
    defaultMessage: (args?: ValidationArguments) => {
      const [message] = [args?.value].flat().flatMap((uri) => problemOf(uri, typeOf(args)) ?? []);
      return args?.value === undefined || args.value === null ? 'is missing' : (message ?? '');
    },
  };
  return ValidateBy({ name: 'isRedirectUri', validator }, { each });
}

/** The URL parser accepts more than a redirect URI of a web application may contain. */
function isUrl(value: unknown, type: unknown): boolean {
  return type === 'native' || isURL(String(value), URL_RULE);
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

/** Requires a string that is not blank, or a list of such strings. */
export function IsIdentifiers(): PropertyDecorator {
  return ValidateBy({
    name: 'isIdentifiers',
    validator: {
      validate: (value: unknown) => {
        const list = [value].flat();
        return list.length > 0 && list.every((item) => textOf(item) !== undefined);
      },
      defaultMessage: () => 'must be a string that is not blank, or a list of such strings',
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
