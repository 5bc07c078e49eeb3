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
      name: 'a cookie without the blanks and tabs around',
      header: ' \tapp.x\t = 1 \t;',
      cookies: [['app.x', '1']],
    },
    { name: 'a value with blanks', header: 'app.x=a \t b', cookies: [['app.x', 'a \t b']] },
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
      { name: 'blanks inside a foreign value', header: `x=a${blanks}b`, maxReads: 10 },
      { name: 'blanks inside a returned value', header: `app.x=a${blanks}b`, maxReads: 10 },
      { name: 'blanks inside a name', header: `app.${blanks}x=1`, maxReads: 10 },
      { name: 'blanks in front', header: `${blanks}app.x=1`, maxReads: blanks.length + 10 },
      { name: 'blanks at the end', header: `app.x=1${blanks}`, maxReads: blanks.length + 10 },
      { name: 'blanks only', header: blanks, maxReads: blanks.length + 10 },
      { name: 'many separators', header: ';'.repeat(15_800), maxReads: 15_810 },
      { name: 'many foreign cookies', header: 'a=b;'.repeat(4000), maxReads: 4010 },
      { name: 'many cookies without equals sign', header: 'app.x;'.repeat(2600), maxReads: 2610 },
    ])('$name', ({ header, maxReads }) => {
      const reads = jest.spyOn(String.prototype, 'charCodeAt');
      // replace(), match() and split() call exec(), too.
      const expressions = jest.spyOn(RegExp.prototype, 'exec');
      cookiesWithPrefix(header, 'app.');
      const counts = [reads.mock.calls.length, expressions.mock.calls.length];
      reads.mockRestore();
      expressions.mockRestore();
      expect(counts[0]).toBeLessThanOrEqual(maxReads);
      expect(counts[0]).toBeGreaterThan(0);
      expect(counts[1]).toBe(0);
    });
  });
});
