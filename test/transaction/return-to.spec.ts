import { jest } from '@jest/globals';
import { resolveReturnTo } from '../../lib/transaction/return-to.js';

const origin = 'https://app.example.com';

describe('returnTo', () => {
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
  ])('%s stays within the application', (given, path) => {
    expect(resolveReturnTo(given, origin)).toEqual({ url: origin + path, safe: true });
  });

  it.each([
    ['//evil.com'],
    ['///evil.com'],
    ['/\\evil'],
    ['\\\\evil.com'],
    ['/\t/evil'],
    ['/\n/evil.com'],
    ['\t//evil.com'],
    ['https://evil.com/'],
    ['https:/\\evil.com'],
    ['http://app.example.com/'],
    ['https://app.example.com:8443/'],
    ['https://app.example.com.evil.com/'],
    ['https://app.example.com@evil.com/'],
    ['https://user:pass@app.example.com/'],
    ['javascript:alert(1)'],
    ['blob:https://app.example.com/x'],
    ['data:text/html,x'],
    ['https://'],
    [`/${'a'.repeat(1024)}`],
    [`/${'\u00e4'.repeat(400)}`],
  ])('%j becomes the root of the application', (given) => {
    expect(resolveReturnTo(given, origin)).toEqual({ url: `${origin}/`, safe: false });
  });

  it('is not parsed when it is too long', () => {
    const canParse = jest.spyOn(URL, 'canParse');
    expect(resolveReturnTo(`/${'a'.repeat(1_000_000)}`, origin).safe).toBe(false);
    expect(canParse).not.toHaveBeenCalled();
    canParse.mockRestore();
  });
});
