import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './support/source.js';

/** A test as docs/security.md names it: its file, and its title or the name of its row. */
interface Proof {
  readonly file: string;
  readonly title: string;
}

const rows = readFileSync(join(root, 'docs/security.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| +\d+ +\|/.test(line))
  .map((line) => ({ number: Number(/\d+/.exec(line)?.[0]), proofs: proofsIn(line) }));

it('docs/security.md has its requirements in their order, each once', () => {
  const numbers = rows.map(({ number }) => number);
  expect(numbers.length).toBeGreaterThan(15);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
});

describe.each(rows)('requirement $number of docs/security.md', ({ proofs }) => {
  it('has a test, and every test that it names exists', () => {
    expect(proofs).not.toEqual([]);
    expect(proofs.filter(({ file, title }) => !textsOf(file).has(title))).toEqual([]);
  });
});

/** `test/file.spec.ts`: "title", "another title of it"; … */
function proofsIn(line: string): Proof[] {
  return [...line.matchAll(/`(test\/[\w/.-]+\.spec\.ts)`: ("[^"]+"(?:, "[^"]+")*)/g)].flatMap(
    ([, file = '', titles = '']) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
  );
}

/** Every piece of text in a test file: the titles of tests, and those of rows of their tables. */
function textsOf(file: string): Set<string> {
  const path = join(root, file);
  const texts = new Set<string>();
  if (!existsSync(path)) return texts;
  const collect = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.add(node.text);
    ts.forEachChild(node, collect);
  };
  collect(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest));
  return texts;
}
