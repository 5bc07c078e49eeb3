import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { reachableFrom, root } from './source.js';

/** A file of `lib/` and its imports as JavaScript, in a copy of the package for child processes. */
export interface CompiledLib {
  /** Path of the compiled file; the first one of several. */
  readonly path: string;
  /** Folder of the copy. Files in it import the package by its name. */
  readonly directory: string;
  remove(): Promise<void>;
}

/**
 * Compiles files of `lib/` and all their imports.
 *
 * @param packages packages that the copy can import; default every installed one
 */
export async function compileLib(
  files: string | readonly string[],
  packages?: readonly string[],
): Promise<CompiledLib> {
  const directory = await mkdtemp(join(tmpdir(), 'oxd-lib-'));
  await copyFile(join(root, 'package.json'), join(directory, 'package.json'));
  await linkPackages(directory, packages);
  const entries = [files].flat();
  const reachable = new Set(entries.flatMap((entry) => reachableFrom(entry)));
  await Promise.all([...reachable].map((one) => compile(one, targetIn(directory, one))));
  return {
    path: targetIn(directory, entries[0] ?? ''),
    directory,
    remove: () => rm(directory, { recursive: true }),
  };
}

async function linkPackages(directory: string, packages?: readonly string[]): Promise<void> {
  const installed = join(root, 'node_modules');
  const own = join(directory, 'node_modules');
  if (packages === undefined) return symlink(installed, own);
  await mkdir(own);
  await Promise.all(packages.map((name) => symlink(join(installed, name), join(own, name))));
}

/** The folder of the published package, so that paths between its files are the same. */
function targetIn(directory: string, file: string): string {
  return join(directory, 'dist', file.replace(/\.ts$/, '.js'));
}

async function compile(file: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, toJavaScript(await readFile(join(root, 'lib', file), 'utf8')));
}

/** Compiles one module, its decorators included, without a check of its types. */
export function toJavaScript(source: string, module = ts.ModuleKind.ES2022): string {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      useDefineForClassFields: false,
    },
  });
  return outputText;
}
