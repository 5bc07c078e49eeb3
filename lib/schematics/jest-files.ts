import { posix } from 'node:path';
import type { Application } from './application.js';
import { JEST_LINE, withTransformIgnorePatterns } from './jest-configuration.js';
import { jsonText, objectAt, parseJsonFile } from './json-file.js';
import { textOf, write, type ProjectTree } from './project-tree.js';

/**
 * Makes the Jest of a CommonJS project compile the ES modules of the package, in `package.json` and in
 * the configuration of end-to-end tests.
 *
 * A Jest that loads ES modules itself stays as it is: it fails on compiled ones.
 *
 * @returns a warning for each configuration that cannot be edited
 */
export function setUpJest(tree: ProjectTree, { sourceRoot, isEsm }: Application): string[] {
  if (isEsm || loadsEsModules(tree)) return [];
  const endToEnd = posix.join(posix.dirname(sourceRoot), 'test/jest-e2e.json');
  const own = ['js', 'ts', 'cjs', 'mjs'].map((extension) => `jest.config.${extension}`);
  return [
    ...edit(tree, 'package.json', 'jest'),
    ...edit(tree, endToEnd),
    ...own.filter((path) => tree.exists(path) && !isDone(tree, path)).map(byHand),
  ];
}

/** True for the Jest of Nest CLI 12, which runs with `--experimental-vm-modules` on Node 24.9 or later. */
function loadsEsModules(tree: ProjectTree): boolean {
  const manifest = parseJsonFile('package.json', textOf(tree, 'package.json') ?? '{}');
  return String(objectAt(manifest, 'scripts').test).includes('--experimental-vm-modules');
}

function isDone(tree: ProjectTree, path: string): boolean {
  const [, patterns = ''] = (textOf(tree, path) ?? '').split('transformIgnorePatterns');
  return patterns.includes('nestjs-oxd');
}

function edit(tree: ProjectTree, path: string, member?: string): string[] {
  const text = textOf(tree, path);
  if (text === undefined) return [];
  const json = parseJsonFile(path, text);
  if (member !== undefined && !(member in json)) return [];
  const jest = withTransformIgnorePatterns(member === undefined ? json : objectAt(json, member));
  if (!jest) return [byHand(path)];
  const edited = jsonText(member === undefined ? jest : { ...json, [member]: jest }, text);
  write(tree, path, edited);
  return [];
}

function byHand(path: string): string {
  return `${path} was not changed. Add the packages of this line to its configuration of Jest:\n  ${JEST_LINE}`;
}
