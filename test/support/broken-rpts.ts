import type { Changes, JwtRpts } from './jwt-rpts.js';

/** First words of the reason for a token that jose rejects. */
export const FAILED = 'its verification failed with';
/** The same for a claim. */
export const CLAIM = `${FAILED} ERR_JWT_CLAIM_VALIDATION_FAILED`;
const NO_USER = 'it names no user (sub)';
const ALGORITHM = `${FAILED} ERR_JOSE_ALG_NOT_ALLOWED`;

/** Token that local verification must not accept; the tokens are valid in every other respect. */
export interface BrokenRpt extends Changes {
  readonly name: string;
  /** Reason in the log. */
  readonly reason: string;
  readonly make?: (rpts: JwtRpts, permissions: readonly object[]) => Promise<string> | string;
}

export const BROKEN_RPTS: readonly BrokenRpt[] = [
  { name: 'alg none', make: (rpts, view) => rpts.unsigned(view), reason: ALGORITHM },
  {
    name: 'HS256 with the public key as its secret',
    make: (rpts, view) => rpts.signWithPublicKey(view),
    reason: ALGORITHM,
  },
  {
    name: 'a signature of another token',
    make: async (rpts, view) => {
      const other = await rpts.sign([]);
      const parts = (await rpts.sign(view)).split('.').slice(0, 2);
      return [...parts, other.split('.')[2]].join('.');
    },
    reason: `${FAILED} ERR_JWS_SIGNATURE_VERIFICATION_FAILED`,
  },
  { name: 'five parts', make: () => 'eyJhbGciOiJSUzI1NiJ9.a.b.c.d', reason: 'it is not a JWT' },
  {
    name: 'a JWT inside',
    make: async (rpts, view) => rpts.signText(await rpts.sign(view), { cty: 'JWT' }),
    reason: `${FAILED} ERR_JWT_INVALID`,
  },
  { name: 'an unknown kid', header: { kid: 'x' }, reason: 'its key is unknown or unavailable' },
  { name: 'no kid', header: { kid: undefined }, reason: 'its header has no kid' },
  {
    name: 'crit in its header',
    header: { crit: ['x'], x: 1 },
    reason: `${FAILED} ERR_JOSE_NOT_SUPPORTED`,
  },
  {
    name: 'crit for b64 in its header',
    header: { crit: ['b64'], b64: true },
    reason: 'its header has crit',
  },
  { name: 'another issuer', claims: { iss: 'https://evil.example' }, reason: `${CLAIM} (iss)` },
  { name: 'no issuer', claims: { iss: undefined }, reason: `${CLAIM} (iss)` },
  {
    name: 'another audience',
    claims: { aud: 'other-api' },
    reason: 'aud does not contain the client',
  },
  {
    name: 'no audience',
    claims: { aud: undefined },
    reason: 'aud does not contain the client',
  },
  {
    name: 'an audience that begins like ours',
    claims: { aud: ['rs-client-2'] },
    reason: 'aud does not contain the client',
  },
  { name: 'no exp', claims: { exp: undefined }, reason: `${CLAIM} (exp)` },
  { name: 'an exp that is a string', claims: { exp: '4102444800' }, reason: `${CLAIM} (exp)` },
  { name: 'no sub', claims: { sub: undefined }, reason: NO_USER },
  { name: 'an empty sub', claims: { sub: '' }, reason: NO_USER },
  { name: 'a sub that is a number', claims: { sub: 7 }, reason: NO_USER },
  { name: 'typ ID', claims: { typ: 'ID' }, reason: 'its typ is not Bearer' },
  { name: 'typ Refresh', claims: { typ: 'Refresh' }, reason: 'its typ is not Bearer' },
  { name: 'typ Offline', claims: { typ: 'Offline' }, reason: 'its typ is not Bearer' },
  { name: 'typ in lower case', claims: { typ: 'bearer' }, reason: 'its typ is not Bearer' },
  { name: 'no typ', claims: { typ: undefined }, reason: 'its typ is not Bearer' },
  {
    name: 'a key of the client',
    claims: { cnf: { jkt: 'x' } },
    reason: 'it is bound to a key (cnf)',
  },
  {
    name: 'no authorization',
    claims: { authorization: undefined, scope: 'view', realm_access: { roles: ['view'] } },
    reason: 'authorization.permissions is not a list',
  },
  {
    name: 'permissions outside authorization',
    make: (rpts, view) => rpts.sign(null, { claims: { permissions: view } }),
    reason: 'authorization.permissions is not a list',
  },
  {
    name: 'permissions that are null',
    make: (rpts) => rpts.sign(null),
    reason: 'authorization.permissions is not a list',
  },
  {
    name: 'permissions that are an object',
    make: (rpts, view) => rpts.sign({ 0: view[0], length: 1 }),
    reason: 'authorization.permissions is not a list',
  },
];

/** Makes a broken token that would grant these permissions. */
export async function brokenRpt(
  { make, claims, header }: BrokenRpt,
  rpts: JwtRpts,
  permissions: readonly object[],
): Promise<string> {
  return make ? make(rpts, permissions) : rpts.sign(permissions, { claims, header });
}
