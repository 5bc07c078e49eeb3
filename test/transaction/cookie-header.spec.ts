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
    { name: 'blanks and tabs around', header: ' \tapp.x\t = 1 \t;', cookies: [['app.x', '1']] },
    { name: 'blanks inside', header: 'app.x=a \t b', cookies: [['app.x', 'a \t b']] },
    { name: 'a value with equals signs', header: 'app.x=a=b==', cookies: [['app.x', 'a=b==']] },
    { name: 'an empty value', header: 'app.x=', cookies: [['app.x', '']] },
    { name: 'a value of blanks', header: 'app.x= \t ', cookies: [['app.x', '']] },
  ])('returns $name', ({ header, cookies }) => {
    const found = cookiesWithPrefix(header, 'app.').map(({ name, value }) => [name, value]);
    expect(found).toEqual(cookies);
  });

  it.each([
    { name: 'an empty header', header: '' },
    { name: 'another prefix', header: 'other.app.x=1; APP.x=1' },
    { name: 'a cookie without an equals sign', header: 'app.x; app.y' },
    { name: 'a name after an equals sign', header: 'x=app.y=1' },
    { name: 'a name after a no-break space', header: '\u00a0app.x=1' },
    { name: 'a name after a byte order mark', header: '\ufeffapp.x=1' },
    { name: 'a name after a vertical tab', header: '\vapp.x=1' },
  ])('returns nothing for $name', ({ header }) => {
    expect(cookiesWithPrefix(header, 'app.')).toEqual([]);
  });

  describe('reads each character at most once with', () => {
    const blanks = ' \t'.repeat(7900);

    it.each([
      { name: 'blanks inside a foreign value', header: `x=a${blanks}b`, most: 10 },
      { name: 'blanks inside a value of its own', header: `app.x=a${blanks}b`, most: 10 },
      { name: 'blanks inside a name', header: `app.${blanks}x=1`, most: 10 },
      { name: 'blanks in front', header: `${blanks}app.x=1`, most: blanks.length + 10 },
      { name: 'blanks at the end', header: `app.x=1${blanks}`, most: blanks.length + 10 },
      { name: 'blanks only', header: blanks, most: blanks.length + 10 },
      { name: 'many separators', header: ';'.repeat(15_800), most: 15_810 },
      { name: 'many foreign cookies', header: 'a=b;'.repeat(4000), most: 4010 },
      { name: 'many cookies without equals sign', header: 'app.x;'.repeat(2600), most: 2610 },
    ])('$name', ({ header, most }) => {
      const reads = jest.spyOn(String.prototype, 'charCodeAt');
      // Runs of every regular expression, also those in replace(), match() and split().
      const expressions = jest.spyOn(RegExp.prototype, 'exec');
      cookiesWithPrefix(header, 'app.');
      const counts = [reads.mock.calls.length, expressions.mock.calls.length];
      reads.mockRestore();
      expressions.mockRestore();
      expect(counts[0]).toBeLessThanOrEqual(most);
      expect(counts[0]).toBeGreaterThan(0);
      expect(counts[1]).toBe(0);
    });
  });
});
