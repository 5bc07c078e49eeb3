import ts from 'typescript';

/** Parses the source of a module. */
export function parseSource(text: string): ts.SourceFile {
  return ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
}

/** True if the compiler can parse the source. */
export function isValidSource(text: string): boolean {
  const { diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { experimentalDecorators: true, target: ts.ScriptTarget.ES2022 },
  });
  return diagnostics.length === 0;
}

/** Names that the imports of a file bind, with the package or path they come from. */
export function importedNames(source: ts.SourceFile): Map<string, string> {
  const names = new Map<string, string>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier))
      continue;
    const from = statement.moduleSpecifier.text;
    for (const name of boundNames(statement.importClause)) names.set(name, from);
  }
  return names;
}

function boundNames(clause: ts.ImportClause | undefined): string[] {
  // An import of types binds no value that a decorator could use.
  if (!clause || clause.isTypeOnly) return [];
  const { name, namedBindings } = clause;
  const bound = !namedBindings
    ? []
    : ts.isNamespaceImport(namedBindings)
      ? [namedBindings.name.text]
      : namedBindings.elements.filter((one) => !one.isTypeOnly).map((one) => one.name.text);
  return name ? [name.text, ...bound] : bound;
}

/** Names that a file declares itself at its top level. */
export function declaredNames(source: ts.SourceFile): string[] {
  return source.statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => name.getText());
    }
    const { name } = statement as { name?: ts.Node };
    return name && ts.isIdentifier(name) ? [name.text] : [];
  });
}

/** Lists of the `@Module()` of a class; undefined if it is not a plain object. */
export function moduleLists(source: ts.SourceFile, className: string): ModuleLists | undefined {
  const properties = moduleMetadata(source, className)?.properties;
  const assignments = properties?.filter(ts.isPropertyAssignment);
  if (!assignments || assignments.length !== properties?.length) return undefined;
  return new Map(
    assignments.map(({ name, initializer }) => [
      ts.isStringLiteral(name) ? name.text : name.getText(),
      ts.isArrayLiteralExpression(initializer)
        ? initializer.elements.map((element) => element.getText())
        : undefined,
    ]),
  );
}

/** Elements of each property, as their text; undefined for a property that is not an array. */
export type ModuleLists = ReadonlyMap<string, readonly string[] | undefined>;

function moduleMetadata(
  source: ts.SourceFile,
  className: string,
): ts.ObjectLiteralExpression | undefined {
  return source.statements
    .filter(ts.isClassDeclaration)
    .filter(({ name }) => name?.text === className)
    .flatMap((declaration) => ts.getDecorators(declaration) ?? [])
    .map(({ expression }) => expression)
    .filter(ts.isCallExpression)
    .filter(({ expression }) => expression.getText() === 'Module')
    .flatMap((call) => call.arguments.slice(0, 1))
    .find(ts.isObjectLiteralExpression);
}

/** Class and path of the module that `NestFactory` starts in an entry file. */
export function startedModule(
  source: ts.SourceFile,
): { className: string; from: string } | undefined {
  const names = importedNames(source);
  let found: { className: string; from: string } | undefined;
  const visit = (node: ts.Node): void => {
    const className = ts.isCallExpression(node) ? startedBy(node) : undefined;
    const from = className && names.get(className);
    if (className && from?.startsWith('.')) found ??= { className, from };
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function startedBy({ expression, arguments: [first] }: ts.CallExpression): string | undefined {
  const isFactory =
    ts.isPropertyAccessExpression(expression) && expression.expression.getText() === 'NestFactory';
  return isFactory && first && ts.isIdentifier(first) ? first.text : undefined;
}

/** Name of the first class with `@Module()`. */
export function firstModuleClass(source: ts.SourceFile): string | undefined {
  return source.statements
    .filter(ts.isClassDeclaration)
    .map(({ name }) => name?.text ?? '')
    .find((name) => moduleMetadata(source, name) !== undefined);
}
