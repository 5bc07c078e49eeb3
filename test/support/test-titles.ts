import ts from 'typescript';

/** Functions that declare a test or a group; variants such as `it.skip` run nothing. */
const DECLARE = new Set(['it', 'test', 'describe']);
/** Columns of a table that its title shows. */
const TITLES = new Set(['title', 'name']);
const NEVER_RUN = new Set(['skip', 'todo', 'xit', 'xtest', 'xdescribe']);

/**
 * Titles of the tests of a file: the titles of `it`, `test` and `describe`, and the first column
 * of the tables of `.each`, or its column `title` or `name`, if a table is a literal or a constant of the
 * same file.
 */
export function testTitles(source: string): ReadonlySet<string> {
  const file = ts.createSourceFile('x.ts', source, ts.ScriptTarget.Latest, true);
  const constants = constantsOf(file);
  const titles = new Set<string>();
  const collect = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      if (isNeverRun(node.expression)) return;
      const table = tableOf(node.expression);
      if (isDeclaration(node.expression) || table) {
        textsIn(node.arguments[0]).forEach((title) => titles.add(title));
      }
      if (table) headsOf(table, constants).forEach((head) => titles.add(head));
    }
    ts.forEachChild(node, collect);
  };
  collect(file);
  return titles;
}

type Constants = ReadonlyMap<string, ts.Expression>;

function constantsOf(file: ts.SourceFile): Constants {
  const constants = new Map<string, ts.Expression>();
  const collect = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      constants.set(node.name.text, node.initializer);
    }
    ts.forEachChild(node, collect);
  };
  collect(file);
  return constants;
}

function isDeclaration(callee: ts.Expression): boolean {
  return ts.isIdentifier(callee) && DECLARE.has(callee.text);
}

/** `describe.skip(…)`, `it.skip.each(…)(…)`, `xit(…)`. */
function isNeverRun(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return NEVER_RUN.has(callee.text);
  if (ts.isCallExpression(callee)) return isNeverRun(callee.expression);
  if (!ts.isPropertyAccessExpression(callee)) return false;
  return NEVER_RUN.has(callee.name.text) || isNeverRun(callee.expression);
}

/** The table of `it.each(table)`. */
function tableOf(callee: ts.Expression): ts.Expression | undefined {
  if (!ts.isCallExpression(callee) || !ts.isPropertyAccessExpression(callee.expression)) return;
  const { name, expression } = callee.expression;
  return name.text === 'each' && isDeclaration(expression) ? callee.arguments[0] : undefined;
}

/** The first column of a table. */
function headsOf(table: ts.Expression, constants: Constants): readonly string[] {
  const value = bare(table);
  if (ts.isIdentifier(value)) {
    const constant = constants.get(value.text);
    return constant ? headsOf(constant, constants) : [];
  }
  // A function that creates the table from its argument.
  if (ts.isCallExpression(value)) return value.arguments.flatMap((one) => headsOf(one, constants));
  if (!ts.isArrayLiteralExpression(value)) return [];
  return value.elements.flatMap((row) =>
    ts.isSpreadElement(row) ? headsOf(row.expression, constants) : textsIn(headOf(bare(row))),
  );
}

/** The first cell of a row, or its `title` or `name`. */
function headOf(row: ts.Expression): ts.Node | undefined {
  if (ts.isArrayLiteralExpression(row)) return row.elements[0];
  if (!ts.isObjectLiteralExpression(row)) return row;
  const members = row.properties.filter((member) => ts.isPropertyAssignment(member));
  return members.find(({ name }) => ts.isIdentifier(name) && TITLES.has(name.text))?.initializer;
}

function bare(value: ts.Expression): ts.Expression {
  const isWrapped =
    ts.isAsExpression(value) ||
    ts.isSatisfiesExpression(value) ||
    ts.isParenthesizedExpression(value);
  return isWrapped ? bare(value.expression) : value;
}

/** Returns the string of a node, except a mere placeholder, which names no test. */
function textsIn(node: ts.Node | undefined): readonly string[] {
  if (!node || !ts.isStringLiteralLike(node)) return [];
  return /^%\w$/.test(node.text) ? [] : [node.text];
}
