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

  it('does not parse an address that is too long', () => {
    const canParse = jest.spyOn(URL, 'canParse');
    expect(resolveReturnTo(`/${'a'.repeat(1_000_000)}`, origin).safe).toBe(false);
    expect(canParse).not.toHaveBeenCalled();
    canParse.mockRestore();
  });
});
