import { CredentialError, bearerToken, readToken } from '../../lib/http/bearer-token.js';

/** Reads a header as the guards do. */
const tokenOf = (header?: string) => readToken(() => bearerToken(requestWith(header)));
const requestWith = (authorization?: string) => ({ headers: { authorization } });

describe('bearerToken', () => {
  it.each([
    { name: 'of the scheme Bearer', header: 'Bearer abc', token: 'abc' },
    { name: 'of the scheme in lower case', header: 'bearer abc', token: 'abc' },
    { name: 'of the scheme in upper case', header: 'BEARER abc', token: 'abc' },
    { name: 'after several blanks', header: 'Bearer   abc', token: 'abc' },
    {
      name: 'with every allowed character',
      header: 'Bearer a.b-c_d~e+f/g==',
      token: 'a.b-c_d~e+f/g==',
    },
    {
      name: 'of the maximum length',
      header: `Bearer ${'a'.repeat(16_384)}`,
      token: 'a'.repeat(16_384),
    },
    {
      name: 'that is too long',
      header: `Bearer ${'a'.repeat(16_385)}`,
      token: 'a'.repeat(16_385),
    },
  ])('returns the token $name', ({ header, token }) => {
    expect(tokenOf(header)).toBe(token);
  });

  it.each([
    { name: 'no header', header: undefined },
    { name: 'an empty header', header: '' },
    { name: 'the scheme Basic', header: 'Basic YTpi' },
    { name: 'a scheme that begins with Bearer', header: 'BearerX abc' },
    { name: 'the scheme Token', header: 'Token abc' },
    { name: 'the scheme DPoP', header: 'DPoP abc' },
    { name: 'the scheme UMA', header: 'UMA abc' },
  ])('returns undefined for $name', ({ header }) => {
    expect(tokenOf(header)).toBeUndefined();
  });

  it.each([
    { name: 'no token', header: 'Bearer' },
    { name: 'a blank for a token', header: 'Bearer ' },
    { name: 'an equals sign for a token', header: 'Bearer =' },
    { name: 'two tokens', header: 'Bearer a b' },
    { name: 'two credentials', header: 'Bearer a, Bearer b' },
    { name: 'a comma in the token', header: 'Bearer a,b' },
    { name: 'a quoted token', header: 'Bearer "a"' },
    { name: 'a tab before the token', header: 'Bearer \ta' },
    { name: 'a non-ASCII token', header: 'Bearer é' },
  ])('rejects a header with $name', ({ header }) => {
    expect(tokenOf(header)).toBeInstanceOf(CredentialError);
  });

  it.each([
    { name: 'with a token', first: 'Bearer a' },
    { name: 'of another scheme', first: 'Basic YTpi' },
    { name: 'that is empty', first: '' },
  ])('rejects a second header after one $name', ({ first }) => {
    const rawHeaders = ['Host', 'x', 'Authorization', first, 'AUTHORIZATION', 'Bearer b'];
    expect(() => bearerToken({ ...requestWith(first), rawHeaders })).toThrow(CredentialError);
    expect(() => bearerToken({ ...requestWith(first), raw: { rawHeaders } })).toThrow(
      CredentialError,
    );
  });

  it('does not confuse values of rawHeaders with names', () => {
    const rawHeaders = ['X', 'authorization', 'Y', 'authorization', 'Authorization', 'Bearer a'];
    expect(bearerToken({ ...requestWith('Bearer a'), rawHeaders })).toBe('a');
  });
});
