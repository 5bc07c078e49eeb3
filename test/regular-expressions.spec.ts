import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import ts from 'typescript';
import { libFiles, libSource, root } from './support/source.js';

interface Expression {
  readonly title: string;
  readonly source: string;
  readonly flags: string;
}

/** Expression with quadratic time, which the analysis must find. */
const SLOW = { source: '^[ \\t]+|[ \\t]+$', flags: 'g' };

const expressions = libFiles().flatMap(expressionsOf);

describe('regular expressions of the library', () => {
  it('are written as literals, so that each can be analysed', () => {
    expect(libFiles().flatMap(constructedIn)).toEqual([]);
    expect(expressions.length).toBeGreaterThan(30);
  });

  it('take linear time', () => {
    const [slow, ...statuses] = analysed([SLOW, ...expressions]);
    expect(slow).toBe('vulnerable');
    const titled = expressions.map(({ title }, index) => `${title}: ${statuses[index]}`);
    expect(titled.filter((line) => !line.endsWith(': safe'))).toEqual([]);
  }, 120_000);
});

function analysed(list: readonly Pick<Expression, 'source' | 'flags'>[]): string[] {
  const script = join(root, 'test/support/regular-expressions.mjs');
  const output = execFileSync(process.execPath, [script], { input: JSON.stringify(list) });
  return JSON.parse(output.toString()) as string[];
}

function expressionsOf(file: string): Expression[] {
  return nodesOf(file, ts.isRegularExpressionLiteral).map(({ text }) => {
    const end = text.lastIndexOf('/');
    return { title: `${file} ${text}`, source: text.slice(1, end), flags: text.slice(end + 1) };
  });
}

/** Returns the calls of the constructor `RegExp`, with or without `new`. */
function constructedIn(file: string): string[] {
  return [...nodesOf(file, ts.isNewExpression), ...nodesOf(file, ts.isCallExpression)]
    .filter(({ expression }) => ts.isIdentifier(expression) && expression.text === 'RegExp')
    .map((node) => `${file} ${node.getText()}`);
}

function nodesOf<T extends ts.Node>(file: string, isMatch: (node: ts.Node) => node is T): T[] {
  const found: T[] = [];
  const visit = (node: ts.Node): void => {
    if (isMatch(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, libSource(file), ts.ScriptTarget.Latest, true));
  return found;
}
