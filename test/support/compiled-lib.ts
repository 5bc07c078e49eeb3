import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { reachableFrom, root } from './source.js';

/** A file of `lib/` and its imports as JavaScript, in a copy of the package for child processes. */
export interface CompiledLib {
  /** Path of the compiled file. */
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Compiles a file of `lib/` and all its imports.
 *
 * @param packages packages that the copy can import; default every installed one
 */
export async function compileLib(file: string, packages?: readonly string[]): Promise<CompiledLib> {
  const directory = await mkdtemp(join(tmpdir(), 'oxd-lib-'));
  await copyFile(join(root, 'package.json'), join(directory, 'package.json'));
  await linkPackages(directory, packages);
  await Promise.all(reachableFrom(file).map((one) => compile(one, targetIn(directory, one))));
  return {
    path: targetIn(directory, file),
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
  const { outputText } = ts.transpileModule(await readFile(join(root, 'lib', file), 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 },
  });
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, outputText);
}
