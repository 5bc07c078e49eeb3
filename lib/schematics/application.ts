import { posix } from 'node:path';
import { objectAt, parseJsonFile, type JsonObject } from './json-file.js';
import { firstModuleClass, parseSource, startedModule } from './module-source.js';
import type { NestAddOptions } from './nest-add-options.js';
import { textOf, type ProjectTree } from './project-tree.js';

/** Application that is set up. */
export interface Application {
  /** Folder of its sources, such as `src` or `apps/shop/src`. */
  readonly sourceRoot: string;
  readonly modulePath: string;
  readonly moduleClass: string;
  /** True for ES modules: imports of files then end in `.js`. */
  readonly isEsm: boolean;
}

/**
 * Finds the application in the files of a project.
 *
 * @throws {Error} when `nest-cli.json` has no such project, or a JSON file is malformed
 */
export function findApplication(tree: ProjectTree, options: NestAddOptions): Application {
  const cli = jsonAt(tree, 'nest-cli.json');
  const project = projectOf(cli, options);
  const given = { sourceRoot: options.sourceRoot };
  const sourceRoot = folderOf(firstText('sourceRoot', [given, project, cli]) ?? 'src');
  const entryFile = firstText('entryFile', [project, cli]) ?? 'main';
  const [modulePath, moduleClass] = options.module
    ? namedModule(tree, options.module)
    : startedFrom(tree, sourceRoot, entryFile);
  const isEsm = jsonAt(tree, 'package.json').type === 'module';
  return { sourceRoot, modulePath, moduleClass, isEsm };
}

function projectOf(cli: JsonObject, { project, sourceRoot }: NestAddOptions): JsonObject {
  const projects = objectAt(cli, 'projects');
  if (project === undefined) {
    const entries = Object.keys(projects).map((name) => objectAt(projects, name));
    return entries.find((one) => one.sourceRoot === sourceRoot) ?? {};
  }
  if (project in projects) return objectAt(projects, project);
  const names = Object.keys(projects).join(', ') || 'none';
  throw new Error(`project: nest-cli.json has no such project; its projects: ${names}`);
}

function firstText(name: string, objects: readonly JsonObject[]): string | undefined {
  return objects.map((one) => one[name]).find((value) => typeof value === 'string');
}

function folderOf(path: string): string {
  return posix.normalize(path).replace(/^\/|\/$/g, '');
}

function jsonAt(tree: ProjectTree, path: string): JsonObject {
  const text = textOf(tree, path);
  return text === undefined ? {} : parseJsonFile(path, text);
}

type FoundModule = readonly [path: string, className: string];

function namedModule(tree: ProjectTree, path: string): FoundModule {
  const text = textOf(tree, path) ?? '';
  return [folderOf(path), firstModuleClass(parseSource(text)) ?? 'AppModule'];
}

function startedFrom(tree: ProjectTree, sourceRoot: string, entryFile: string): FoundModule {
  const text = textOf(tree, `${sourceRoot}/${entryFile}.ts`) ?? '';
  const started = startedModule(parseSource(text));
  if (!started) return [`${sourceRoot}/app.module.ts`, 'AppModule'];
  const path = posix.join(sourceRoot, posix.dirname(entryFile), started.from);
  return [`${path.replace(/\.js$/, '')}.ts`, started.className];
}
