import { isStringList, parseJson, isJsonObject } from '../../base/json.js';
type ReadClaim = (values: readonly string[]) => unknown;

const text: ReadClaim = (values) => (values.length === 1 ? values[0] : undefined);

const flag: ReadClaim = (values) => {
  const value = text(values);
  return value === 'true' ? true : value === 'false' ? false : undefined;
};

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

/** Boolean claims that some providers send as strings; `"false"` must not become true. */
const BOOLEAN_CLAIMS = new Set(['email_verified', 'phone_number_verified']);

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

/** Converts `email_verified` and `phone_number_verified` from strings to booleans, in place. */
export function withBooleanClaims(claims: Record<string, unknown>): Record<string, unknown> {
  for (const name of BOOLEAN_CLAIMS) {
    const value = claims[name];
    if (typeof value !== 'string') continue;
    delete claims[name];
    const read = flag([value]);
    if (read !== undefined) claims[name] = read;
  }
  return claims;
}

function plainClaim(name: string, value: unknown): unknown {
  if (typeof value === 'string' && BOOLEAN_CLAIMS.has(name)) return flag([value]);
  if (!isStringList(value)) return value;
  const read = STANDARD.get(name) ?? oneOrMore;
  return read(value);
}
