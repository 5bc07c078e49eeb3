import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './support/source.js';
import { testTitles } from './support/test-titles.js';

/** Reference of docs/security.md to a test: its file, and its title or the name of a row. */
interface Proof {
  readonly file: string;
  readonly title: string;
}

const rows = readFileSync(join(root, 'docs/security.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, number] = /^\| +(\d+|[A-Z]\d*) +\|/.exec(line) ?? [];
    return number === undefined ? [] : [{ number, proofs: proofsIn(line) }];
  });

/**
 * Numbers of the requirements for a resource server, letters of those for a login, and both for access
 * tokens: a letter for each RFC, and D for decisions.
 */
const NUMBERS = [
  ...[4, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
  ...[19, 20, 21, 23, 27, 28, 30, 31, 32, 33, 34],
  ...['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L'],
  ...numbered('B', 10),
  ...numbered('J', 10),
  ...numbered('S', 4),
  ...numbered('M', 5),
  ...numbered('D', 4),
].map(String);

function numbered(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}

it('docs/security.md has every requirement, in its order', () => {
  expect(rows.map(({ number }) => number)).toEqual(NUMBERS);
});

describe.each(rows)('requirement $number of docs/security.md', ({ proofs }) => {
  it('refers to tests, which exist', () => {
    expect(proofs).not.toEqual([]);
    expect(proofs.filter(({ file, title }) => !titlesOf(file).has(title))).toEqual([]);
  });
});

/** Parses references of the form `test/file.spec.ts`: "title", "another title"; … */
function proofsIn(line: string): Proof[] {
  return [...line.matchAll(/`(test\/[\w/.-]+\.spec\.ts)`: ("[^"]+"(?:, "[^"]+")*)/g)].flatMap(
    ([, file = '', titles = '']) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
  );
}

function titlesOf(file: string): ReadonlySet<string> {
  const path = join(root, file);
  return existsSync(path) ? testTitles(readFileSync(path, 'utf8')) : new Set();
}

describe('the title of a test', () => {
  const titles = testTitles(`
    const TABLE = [['a head of a constant', 'another column'], ...MORE] as const;
    const MORE = ['a head of what is spread'];
    const text = 'text';
    describe('a group', () => {
      it('a test', () => expect('what is expected').toBe(text));
      it.each(TABLE)('a test with a table: %s', () => undefined);
      it.each(titled([{ because: 'not its title', title: 'a title in a row' }]))('%s', run);
      it.each([{ name: 'a name in a row', other: 'x' }])('%s', run);
      it.each<[string]>([['a head']])('another test with a table: %s', run);
      it.skip('a test that is skipped', () => undefined);
      it.todo('a test that is to be written');
    });
    describe.skip('a group that is skipped', () => it('a test in it', run));
    it.skip.each([['a head that is skipped']])('a table that is skipped', run);
    xit('another test that is skipped', run);
    other('what something else is called with', ['x']);
    other.each([['a head of something else']])('no test');
  `);

  it('is that of what runs, or heads a row of its table, and no other text', () => {
    expect([...titles].sort()).toEqual([
      'a group',
      'a head',
      'a head of a constant',
      'a head of what is spread',
      'a name in a row',
      'a test',
      'a test with a table: %s',
      'a title in a row',
      'another test with a table: %s',
    ]);
  });
});
