import { isStringList, parseJson, isJsonObject } from '../../base/json.js';
import { isBooleanClaim, toBoolean } from '../provider-claims.js';

type ReadClaim = (values: readonly string[]) => unknown;

const text: ReadClaim = (values) => (values.length === 1 ? values[0] : undefined);

const flag: ReadClaim = ([value, ...more]) => (more.length > 0 ? undefined : toBoolean(value));

const number: ReadClaim = ([value = '', ...more]) => {
  const read = Number(value);
  return more.length > 0 || value.trim() === '' || !Number.isFinite(read) ? undefined : read;
};

const address: ReadClaim = ([value = '', ...more]) => {
  const read = parseJson(value);
  return more.length === 0 && isJsonObject(read) ? read : undefined;
};

const list: ReadClaim = (values) => values;
const oneOrMore: ReadClaim = (values) => (values.length === 1 ? values[0] : values);

/** Claims of OpenID Connect Core §2 and §5.1 with their types. */
const STANDARD: ReadonlyMap<string, ReadClaim> = new Map([
  ...`sub name given_name family_name middle_name nickname preferred_username profile picture
    website email gender birthdate zoneinfo locale phone_number iss nonce acr azp at_hash c_hash
    s_hash jti sid`
    .split(/\s+/)
    .map((name): [string, ReadClaim] => [name, text]),
  ['email_verified', flag],
  ['phone_number_verified', flag],
  ['updated_at', number],
  ['exp', number],
  ['iat', number],
  ['nbf', number],
  ['auth_time', number],
  ['address', address],
  ['amr', list],
  ['aud', oneOrMore],
]);

/**
 * Converts the claims of oxd 3.x, lists of strings, to plain values. A standard claim is converted to
 * its type (OpenID Connect Core §5.1) and omitted if the conversion fails, so that for instance
 * `email_verified` never becomes true by mistake. Any other claim becomes a string if it has one value,
 * and remains a list otherwise.
 */
export function plainClaims(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const name of Object.keys(claims)) {
    const value = plainClaim(name, claims[name]);
    if (value !== undefined && value !== null && name !== '__proto__') plain[name] = value;
  }
  return plain;
}

function plainClaim(name: string, value: unknown): unknown {
  if (typeof value === 'string' && isBooleanClaim(name)) return toBoolean(value);
  if (!isStringList(value)) return value;
  const read = STANDARD.get(name) ?? oneOrMore;
  return read(value);
}
