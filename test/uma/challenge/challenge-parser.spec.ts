import { parseChallenge } from '../../../lib/uma/challenge/challenge-parser.js';

const ticket = 't-1';

describe('parseChallenge', () => {
  it.each<[string, string, object]>([
    [
      'the parameters of oxd',
      'UMA realm="rs",as_uri="https://as",error="insufficient_scope",ticket="t-1"',
      { realm: 'rs', as_uri: 'https://as', ticket },
    ],
    [
      'the parameters of the specification, on several lines',
      'UMA realm="example",\r\n  as_uri="https://as",\r\n  ticket="t-1"'.replaceAll('\r\n', ''),
      { realm: 'example', as_uri: 'https://as', ticket },
    ],
    [
      'another case and order of parameters',
      'uma TICKET="t-1" , As_Uri = "https://as"',
      { ticket },
    ],
    ['a token for a value', 'UMA ticket=t-1', { ticket }],
    ['an escaped quote', String.raw`UMA ticket="a\"b\\c"`, { ticket: String.raw`a"b\c` }],
    ['Bearer before it', 'Bearer realm="x", error="y", UMA ticket="t-1"', { ticket }],
    ['Bearer after it', 'UMA ticket="t-1", Bearer realm="x"', { ticket, realm: undefined }],
    ['a scheme without parameters beside it', 'Basic, UMA ticket="t-1"', { ticket }],
    ['a token68 challenge before it', 'Negotiate abc==, UMA ticket="t-1"', { ticket }],
    ['a comma within a value', 'Bearer realm="a, UMA b", UMA ticket="t-1"', { ticket }],
    ['empty elements', ', ,UMA ticket="t-1",,', { ticket }],
    ['no parameter', 'UMA', {}],
    ['a ticket of maximum length', `UMA ticket="${'t'.repeat(16_384)}"`, {}],
  ])('reads a challenge with %s', (_, header, expected) => {
    expect(parseChallenge(header)).toMatchObject(expected);
  });

  it.each([
    ['an empty header', ''],
    ['another scheme', 'Bearer ticket="t-1"'],
    ['the scheme as a value', 'Bearer realm=UMA'],
    ['a parameter twice', 'UMA ticket="t-1", ticket="t-2"'],
    ['a parameter twice, in another case', 'UMA ticket="t-1", Ticket="t-2"'],
    ['two UMA challenges', 'UMA ticket="t-1", UMA ticket="t-2"'],
    ['a quote that does not end', 'UMA ticket="t-1'],
    ['an escape at the end', 'UMA ticket="t-1\\'],
    ['text after a value', 'UMA ticket="t-1"x'],
    ['no comma between parameters', 'UMA realm="a" ticket="t-1"'],
    ['a parameter before any scheme', 'ticket="t-1", UMA realm="x"'],
    ['an empty value', 'UMA ticket=, realm="x"'],
    ['a URL without quotes', 'UMA as_uri=https://as, ticket="t-1"'],
    ['a malformed challenge before it', 'Bearer realm=", UMA ticket="t-1"'],
    ['parameters after a token68', 'UMA abc==, ticket="t-1"'],
    ['an empty ticket', 'UMA ticket=""'],
    ['a ticket that is too long', `UMA ticket="${'t'.repeat(16_385)}"`],
  ])('returns undefined for %s', (_, header) => {
    expect(parseChallenge(header)).toBeUndefined();
  });

  /** A string that counts how often one of its characters is read. */
  class CountingString extends String {
    reads = 0;
    override charAt(at: number): string {
      this.reads++;
      return super.charAt(at);
    }
  }

  const long: { name: string; header: string }[] = [
    { name: 'blanks', header: `UMA${' '.repeat(60_000)}` },
    { name: 'letters', header: `UMA ${'a'.repeat(60_000)}` },
    { name: 'equals signs', header: `UMA a${'='.repeat(60_000)}x` },
    { name: 'schemes', header: 'a '.repeat(30_000) },
    { name: 'backslashes', header: `UMA ticket="${'\\\\'.repeat(30_000)}` },
    { name: 'open quotes', header: 'UMA a="'.repeat(8_000) },
    { name: 'commas', header: `UMA ticket="t"${','.repeat(60_000)}` },
    { name: 'blanks after values', header: `UMA a="b"${' '.repeat(60_000)}x` },
    { name: 'blanks after one string', header: `UMA abc${' '.repeat(60_000)}x` },
  ];

  it.each(long)('reads each character of many $name at most 12 times', ({ header }) => {
    const counting = new CountingString(header);
    parseChallenge(counting as unknown as string);
    expect(counting.reads).toBeGreaterThan(0);
    expect(counting.reads).toBeLessThanOrEqual(12 * header.length);
  });

  it('rejects a header over 65536 characters without reading it', () => {
    const longest = 'UMA ticket="t-1"'.padEnd(65_536, ' ');
    expect(parseChallenge(longest)).toMatchObject({ ticket });
    const counting = new CountingString(`${longest} `);
    expect(parseChallenge(counting as unknown as string)).toBeUndefined();
    expect(counting.reads).toBe(0);
  });
});
