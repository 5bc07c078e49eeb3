import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';

/** Message for an option that does not exist. */
export const UNKNOWN_OPTION = 'is not an option';

/** Returns every problem of an object by the rules of a class as `path: message`. */
export function check(rules: new () => object, value: object, path: string): string[] {
  const instance = plainToInstance(rules, value);
  return validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    stopAtFirstError: true,
  }).flatMap((error) => describe(error, path));
}

function describe({ property, constraints, children }: ValidationError, path: string): string[] {
  const own = Object.entries(constraints ?? {}).map(([rule, message]) => {
    const text = rule === 'whitelistValidation' ? UNKNOWN_OPTION : message;
    return `${path}${property}: ${text.replace(`${property} `, '')}`;
  });
  return [...own, ...(children ?? []).flatMap((child) => describe(child, `${path}${property}.`))];
}
