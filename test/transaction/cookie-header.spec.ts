import { jest } from '@jest/globals';
import { cookiesWithPrefix } from '../../lib/transaction/cookie-header.js';

describe('cookiesWithPrefix', () => {
  it.each([
    { name: 'a cookie', header: 'app.x=1', cookies: [['app.x', '1']] },
    {
      name: 'two cookies',
      header: 'app.x=1; app.y=2',
      cookies: [
        ['app.x', '1'],
        ['app.y', '2'],
      ],
    },
    {
      name: 'a cookie without the blanks and tabs in front',
      header: 'x=1; \t app.x=1;app.y=2',
      cookies: [
        ['app.x', '1'],
        ['app.y', '2'],
      ],
    },
    { name: 'a value with blanks', header: 'app.x=a \t b', cookies: [['app.x', 'a \t b']] },
    { name: 'a value with equals signs', header: 'app.x=a=b==', cookies: [['app.x', 'a=b==']] },
    { name: 'an empty value', header: 'app.x=', cookies: [['app.x', '']] },
  ])('returns $name', ({ header, cookies }) => {
    const found = cookiesWithPrefix('app.', header).map(({ name, value }) => [name, value]);
    expect(found).toEqual(cookies);
  });

  it.each([
    { name: 'an empty header', header: '' },
    { name: 'another prefix', header: 'other.app.x=1; APP.x=1' },
    { name: 'a cookie without an equals sign', header: 'app.x; app.y' },
    { name: 'a name after an equals sign', header: 'x=app.y=1' },
    { name: 'no header', header: undefined },
    { name: 'a name with a blank', header: 'app.x =1' },
    { name: 'a name with a line break', header: 'app.\n=1' },
    { name: 'a name over 256 characters', header: `app.${'x'.repeat(253)}=1` },
    { name: 'a name after a no-break space', header: '\u00a0app.x=1' },
    { name: 'a name after a byte order mark', header: '\ufeffapp.x=1' },
    { name: 'a name after a vertical tab', header: '\vapp.x=1' },
  ])('returns nothing for $name', ({ header }) => {
    expect(cookiesWithPrefix('app.', header)).toEqual([]);
  });

  // test/regular-expressions.spec.ts proves that the expressions take linear time.
  it.each([
    { name: 'foreign cookies', header: 'a=b;'.repeat(4000), reads: 0 },
    { name: 'separators', header: ';'.repeat(15_800), reads: 0 },
    { name: 'foreign blanks', header: `x=a${' \t'.repeat(7900)}b; app.x=1`, reads: 1 },
  ])('does not look for an equals sign in many $name', ({ header, reads }) => {
    const indexOf = jest.spyOn(String.prototype, 'indexOf');
    cookiesWithPrefix('app.', header);
    const { length } = indexOf.mock.calls;
    indexOf.mockRestore();
    expect(length).toBe(reads);
  });
});
