// The main entry of @nestjs/schematics also loads the schematics themselves, which Jest on Node 20 cannot.
import { ModuleImportDeclarator } from '@nestjs/schematics/dist/utils/module-import.declarator.js';
import { ModuleMetadataDeclarator } from '@nestjs/schematics/dist/utils/module-metadata.declarator.js';
import type { DeclarationOptions } from '@nestjs/schematics/dist/utils/module.declarator.js';
import { PathSolver } from '@nestjs/schematics/dist/utils/path.solver.js';
import {
  declaredNames,
  importedNames,
  isValidSource,
  moduleLists,
  parseSource,
} from './module-source.js';

/** Element of a list of `@Module()`, with the imports that it needs. */
export interface ModuleEntry {
  readonly list: 'imports' | 'controllers' | 'providers';
  readonly expression: string;
  /** Names in the expression, and the package or path from which each is imported. */
  readonly names: Readonly<Record<string, string>>;
}

/**
 * Adds entries to the `@Module()` of a class with the declarators of the project's `@nestjs/schematics`.
 * An entry counts as present if the list has an element of the same class, or if the file already imports
 * that class from `nestjs-oxd`, because an application may import one `OxdModule` only.
 *
 * @returns the new source; undefined if the source cannot be edited safely
 */
export function editModule(
  text: string,
  className: string,
  entries: readonly ModuleEntry[],
): string | undefined {
  const missing = missingEntries(text, className, entries);
  if (!missing) return undefined;
  const names = new Map(missing.flatMap((entry) => Object.entries(entry.names)));
  const lists = [...new Set(missing.map(({ list }) => list))];
  const imported = [...names].reduce(withImport, text);
  const edited = lists.reduce(
    (content, list) =>
      withElements(
        content,
        list,
        missing.filter((entry) => entry.list === list),
      ),
    imported,
  );
  return isComplete(edited, className, missing) ? edited : undefined;
}

/** Entries that the module lacks; undefined if a name stands for something else. */
function missingEntries(
  text: string,
  className: string,
  entries: readonly ModuleEntry[],
): ModuleEntry[] | undefined {
  const source = parseSource(text);
  const lists = moduleLists(source, className);
  if (!lists) return undefined;
  const imported = importedNames(source);
  const missing = entries.filter(
    ({ list, expression }) =>
      imported.get(rootName(expression)) !== 'nestjs-oxd' &&
      !lists.get(list)?.some((element) => rootName(element) === rootName(expression)),
  );
  const declared = declaredNames(source);
  const isTaken = missing
    .flatMap(({ names }) => Object.entries(names))
    .some(([name, from]) => declared.includes(name) || (imported.get(name) ?? from) !== from);
  return isTaken ? undefined : missing;
}

/** `OxdModule` of `OxdModule.forRoot()`. */
function rootName(expression: string): string {
  return /^\w*/.exec(expression)?.[0] ?? '';
}

/** Gives the declarator a fixed path, which its own solver would compute from two files. */
class FixedPath extends PathSolver {
  constructor(private readonly path: string) {
    super();
  }

  override relative(): string {
    return this.path;
  }
}

function withImport(text: string, [symbol, from]: readonly [string, string]): string {
  if (importedNames(parseSource(text)).get(symbol) === from) return text;
  const declarator = new ModuleImportDeclarator(new FixedPath(from));
  return declarator.declare(text, { symbol } as DeclarationOptions);
}

function withElements(text: string, list: string, entries: readonly ModuleEntry[]): string {
  const symbol = entries.map(({ expression }) => expression).join(', ');
  const options = { metadata: list, symbol } as DeclarationOptions;
  return new ModuleMetadataDeclarator().declare(text, options);
}

/** The declarators search for patterns: a comment, a string or a second module can mislead them. */
function isComplete(text: string, className: string, entries: readonly ModuleEntry[]): boolean {
  const source = parseSource(text);
  const imported = importedNames(source);
  const lists = moduleLists(source, className);
  return (
    isValidSource(text) &&
    entries.every(
      ({ list, expression, names }) =>
        lists?.get(list)?.includes(expression) &&
        Object.entries(names).every(([name, from]) => imported.get(name) === from),
    )
  );
}
