import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Root of the repository. */
export const root = join(import.meta.dirname, '../..');

/** An import or a re-export of a source file. */
export interface Import {
  /** Path below `lib/`, or the name of a package. */
  readonly target: string;
  readonly typeOnly: boolean;
}

/** Every source file of `lib/`, as its path below it. */
export function libFiles(): string[] {
  return readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort();
}

/** Source of a file of `lib/` without its comments. */
export function libSource(file: string): string {
  return readFileSync(join(root, 'lib', file), 'utf8').replace(/^\s*(\/\*[^]*?\*\/|\/\/.*)$/gm, '');
}

/** Imports of a file of `lib/`: static, dynamic and in types. */
export function importsOf(file: string): Import[] {
  const source = libSource(file);
  const lines = source.matchAll(/^(?:import|export)\s+(type\s)?(?:[^;'=]*?\sfrom\s+)?'([^']+)'/gm);
  const calls = source.matchAll(/\b(?:import|require)\(\s*'([^']+)'/g);
  return [
    ...[...lines].map(([, type, path = '']) => [path, type !== undefined] as const),
    ...[...calls].map(([, path = '']) => [path, false] as const),
  ].map(([path, typeOnly]) => ({ target: resolve(file, path), typeOnly }));
}

/** The file of `lib/` and those that it imports, directly or through others. */
export function reachableFrom(file: string, seen = new Set<string>()): string[] {
  if (!libFiles().includes(file) || seen.has(file)) return [...seen];
  seen.add(file);
  importsOf(file).forEach(({ target }) => reachableFrom(target, seen));
  return [...seen];
}

/** Names that a file of `lib/` exports, types included. */
export function exportsOf(file: string): string[] {
  const source = libSource(file);
  const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) =>
    list.split(',').map((name) => name.replace(/^.*\sas\s|\btype\s/, '').trim()),
  );
  const kinds = 'class|function|const|let|interface|type|enum';
  const declared = new RegExp(
    `^export (?:abstract |async |declare )*(?:${kinds})\\*? (\\w+)`,
    'gm',
  );
  const names = [...source.matchAll(declared)].map(([, name = '']) => name);
  return [...lists, ...names].filter((name) => name !== '').sort();
}

function resolve(file: string, path: string): string {
  if (path.startsWith('.')) {
    return posix.join(posix.dirname(file), path).replace(/\.js$/, '.ts');
  }
  if (path.startsWith('node:')) return path;
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/');
}
