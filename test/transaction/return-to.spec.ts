import { jest } from '@jest/globals';
import { resolveReturnTo } from '../../lib/transaction/return-to.js';

const origin = 'https://app.example.com';

describe('resolveReturnTo', () => {
  it.each([
    ['/', '/'],
    ['/profile', '/profile'],
    ['profile?tab=1#top', '/profile?tab=1#top'],
    ['?q=1', '/?q=1'],
    [`${origin}/deep/page`, '/deep/page'],
    ['https://app.example.com:443/', '/'],
    ['/..//evil.com', '//evil.com'],
    ['/.//', '//'],
    ['/%2e%2e//', '//'],
    ['/a/..//', '//'],
    ['/%5Cevil.com', '/%5Cevil.com'],
    ['/\u00e4', '/%C3%A4'],
  ])('resolves %s within the application', (returnTo, path) => {
    expect(resolveReturnTo(returnTo, origin)).toEqual({ url: origin + path, safe: true });
  });

  it.each([
    { name: 'two slashes', returnTo: '//evil.com' },
    { name: 'three slashes', returnTo: '///evil.com' },
    { name: 'a slash and a backslash', returnTo: '/\\evil' },
    { name: 'two backslashes', returnTo: '\\\\evil.com' },
    { name: 'a tab between slashes', returnTo: '/\t/evil' },
    { name: 'a line break between slashes', returnTo: '/\n/evil.com' },
    { name: 'a tab before slashes', returnTo: '\t//evil.com' },
    { name: 'another host', returnTo: 'https://evil.com/' },
    { name: 'another host after a backslash', returnTo: 'https:/\\evil.com' },
    { name: 'another scheme', returnTo: 'http://app.example.com/' },
    { name: 'another port', returnTo: 'https://app.example.com:8443/' },
    { name: 'the host as a subdomain', returnTo: 'https://app.example.com.evil.com/' },
    { name: 'the host as a user name', returnTo: 'https://app.example.com@evil.com/' },
    { name: 'a password', returnTo: 'https://user:pass@app.example.com/' },
    { name: 'a javascript: URL', returnTo: 'javascript:alert(1)' },
    { name: 'a blob: URL', returnTo: 'blob:https://app.example.com/x' },
    { name: 'a data: URL', returnTo: 'data:text/html,x' },
    { name: 'no host', returnTo: 'https://' },
    { name: '1025 characters', returnTo: `/${'a'.repeat(1024)}` },
    { name: 'more than 1024 encoded characters', returnTo: `/${'\u00e4'.repeat(400)}` },
  ])('returns the root of the application for an address with $name', ({ returnTo }) => {
    expect(resolveReturnTo(returnTo, origin)).toEqual({ url: `${origin}/`, safe: false });
  });

  it('returns the base URL for no address', () => {
    expect(resolveReturnTo(undefined, origin)).toEqual({ url: `${origin}/`, safe: true });
  });

  describe.each([
    { name: 'without a final slash', baseUrl: `${origin}/shop` },
    { name: 'with a final slash', baseUrl: `${origin}/shop/` },
  ])('with a path in the base URL, $name,', ({ baseUrl }) => {
    it.each([
      ['/cart', '/shop/cart'],
      ['cart', '/shop/cart'],
      ['/', '/shop/'],
      ['/shop', '/shop'],
      ['/shop/cart?item=1#top', '/shop/cart?item=1#top'],
      ['/shop?item=1', '/shop?item=1'],
      ['?item=1', '/shop/?item=1'],
      ['/shopping', '/shop/shopping'],
      ['/Shop/cart', '/shop/Shop/cart'],
      ['/shop/../cart', '/shop/cart'],
      ['/shop/%2e%2e/cart', '/shop/cart'],
      ['../cart', '/shop/cart'],
      ['/..//evil.com', '/shop//evil.com'],
      ['/.//', '/shop//'],
      ['/%2e%2e//', '/shop//'],
      ['/a/..//', '/shop//'],
      [`${origin}/shop/cart`, '/shop/cart'],
      [`${origin}/shop`, '/shop'],
    ])('resolves %s beneath it', (returnTo, path) => {
      const expected = { url: origin + path, safe: true };
      expect(resolveReturnTo(returnTo, baseUrl)).toEqual(expected);
      // The address is checked again at the end of the login.
      expect(resolveReturnTo(expected.url, baseUrl)).toEqual(expected);
    });

    it.each([
      { name: 'another application of the origin', returnTo: `${origin}/cart` },
      { name: 'a path that only begins with the same letters', returnTo: `${origin}/shopping` },
      { name: 'the parent by dots', returnTo: `${origin}/shop/../cart` },
      { name: 'the parent by encoded dots', returnTo: `${origin}/shop/%2e%2e/cart` },
      { name: 'a slash and a backslash', returnTo: '/\\evil' },
      { name: 'a tab between slashes', returnTo: '/\t/evil' },
      { name: 'two slashes', returnTo: '//app.example.com.evil.com/shop' },
      { name: 'another host', returnTo: 'https://evil.com/shop/' },
    ])('returns the base URL for $name', ({ returnTo }) => {
      expect(resolveReturnTo(returnTo, baseUrl)).toEqual({ url: baseUrl, safe: false });
    });
  });

  it('accepts 1024 characters beneath the base URL, also when checked again', () => {
    const path = `/${'a'.repeat(1023)}`;
    for (const baseUrl of [origin, `${origin}/shop`]) {
      const expected = { url: baseUrl + path, safe: true };
      expect(resolveReturnTo(path, baseUrl)).toEqual(expected);
      expect(resolveReturnTo(expected.url, baseUrl)).toEqual(expected);
      expect(resolveReturnTo(`${path}a`, baseUrl).safe).toBe(false);
    }
  });

  it('does not parse an address that is too long', () => {
    const canParse = jest.spyOn(URL, 'canParse');
    expect(resolveReturnTo(`/${'a'.repeat(1_000_000)}`, origin).safe).toBe(false);
    expect(canParse).not.toHaveBeenCalled();
    canParse.mockRestore();
  });
});
