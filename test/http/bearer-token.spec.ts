import { CredentialError, bearerToken } from '../../lib/http/bearer-token.js';

const with_ = (authorization?: string) => ({ headers: { authorization } });

describe('bearerToken', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER abc', 'abc'],
    ['Bearer   abc', 'abc'],
    ['Bearer a.b-c_d~e+f/g==', 'a.b-c_d~e+f/g=='],
    [`Bearer ${'a'.repeat(16_384)}`, 'a'.repeat(16_384)],
    [`Bearer ${'a'.repeat(16_385)}`, 'a'.repeat(16_385)],
  ])('reads %.40s', (header, token) => {
    expect(bearerToken(with_(header))).toBe(token);
  });

  it.each([undefined, '', 'Basic YTpi', 'BearerX abc', 'Token abc', 'DPoP abc', 'UMA abc'])(
    'finds none in %j',
    (header) => {
      expect(bearerToken(with_(header))).toBeUndefined();
    },
  );

  it.each([
    'Bearer',
    'Bearer ',
    'Bearer =',
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer a,b',
    'Bearer "a"',
    'Bearer \ta',
    'Bearer é',
  ])('refuses %.40j', (header) => {
    expect(() => bearerToken(with_(header))).toThrow(CredentialError);
  });

  it.each(['Bearer a', 'Basic YTpi', ''])('refuses a second header beside %j', (first) => {
    const rawHeaders = ['Host', 'x', 'Authorization', first, 'AUTHORIZATION', 'Bearer b'];
    expect(() => bearerToken({ ...with_(first), rawHeaders })).toThrow(CredentialError);
    expect(() => bearerToken({ ...with_(first), raw: { rawHeaders } })).toThrow(CredentialError);
  });

  it('does not take a value for a name', () => {
    const rawHeaders = ['X', 'authorization', 'Y', 'authorization', 'Authorization', 'Bearer a'];
    expect(bearerToken({ ...with_('Bearer a'), rawHeaders })).toBe('a');
  });
});
