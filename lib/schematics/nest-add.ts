import { findApplication, type Application } from './application.js';
import { environmentExample } from './environment-example.js';
import { generatedFiles, moduleEntries } from './generated-files.js';
import { ignoreFile } from './ignore-file.js';
import { setUpJest } from './jest-files.js';
import { jsonText, parseJsonFile } from './json-file.js';
import { editModule, type ModuleEntry } from './module-edit.js';
import { resolveNestAddOptions, type NestAddOptions } from './nest-add-options.js';
import { withPackages } from './package-manifest.js';
import { projectFormatter, type Formatter } from './project-formatter.js';
import { textOf, write, type ProjectTree } from './project-tree.js';

/** Context of a schematic; that of `@angular-devkit/schematics` has it. */
export interface NestAddContext {
  readonly logger: { info(message: string): void; warn(message: string): void };
}

/**
 * Schematic of `nest add nestjs-oxd`: sets an application up, and leaves unchanged what is set up already.
 * A file that cannot be edited safely stays as it is; a warning names it with the lines to add.
 *
 * @throws {Error} when an option is wrong, or a JSON file of the project is malformed; nothing is written
 */
export function nestAdd(given: Partial<NestAddOptions>) {
  const options = resolveNestAddOptions(given);
  return async (tree: ProjectTree, { logger }: NestAddContext): Promise<void> => {
    const application = findApplication(tree, options);
    const formatter = projectFormatter(process.cwd());
    const setUp: SetUp = { tree, options, application, formatter };
    const warnings = [
      ...(await setUpModule(setUp)),
      ...setUpManifest(setUp),
      ...setUpJest(tree, application),
      ...moduleResolution(setUp),
    ];
    await createFiles(setUp);
    write(tree, '.env.example', environmentExample(options, textOf(tree, '.env.example')));
    write(tree, '.gitignore', ignoreFile(textOf(tree, '.gitignore')));
    warnings.forEach((warning) => logger.warn(warning));
    logger.info(NEXT);
  };
}

const NEXT = `Next: install the packages (npm install), copy .env.example to .env, and start the application.
Provider for development: npx nestjs-oxd sandbox`;

interface SetUp {
  readonly tree: ProjectTree;
  readonly options: NestAddOptions;
  readonly application: Application;
  readonly formatter: Formatter;
}

async function setUpModule({ tree, options, application, formatter }: SetUp): Promise<string[]> {
  const { modulePath, moduleClass } = application;
  const entries = moduleEntries(application, options);
  const text = textOf(tree, modulePath);
  const edited = text === undefined ? undefined : editModule(text, moduleClass, entries);
  if (text === undefined || edited === undefined) return [byHand(modulePath, entries)];
  if (edited !== text) tree.overwrite(modulePath, await formatter.format(modulePath, edited, text));
  return [];
}

function byHand(path: string, entries: readonly ModuleEntry[]): string {
  const imports = entries
    .flatMap(({ names }) => Object.entries(names))
    .map(([name, from]) => `  import { ${name} } from '${from}';`);
  const lists = ['imports', 'controllers', 'providers'].map((list) => {
    const expressions = entries.filter((entry) => entry.list === list);
    return `  ${list}: [${expressions.map(({ expression }) => expression).join(', ')}],`;
  });
  const lines = [...imports, ...lists.filter((line) => !line.includes('[]'))];
  return `${path} is missing or cannot be edited safely, and was not changed. Add to the module of the application:\n${lines.join('\n')}`;
}

function setUpManifest({ tree, options }: SetUp): string[] {
  const text = textOf(tree, 'package.json');
  if (text === undefined)
    return ['package.json is missing: run this command in a project of Nest CLI.'];
  const manifest = parseJsonFile('package.json', text);
  const edited = jsonText(withPackages(manifest, options), text);
  write(tree, 'package.json', edited);
  return [];
}

function moduleResolution({ tree }: SetUp): string[] {
  const text = textOf(tree, 'tsconfig.json') ?? '';
  const [, module = 'nodenext'] = /"module"\s*:\s*"([\w-]+)"/.exec(text) ?? [];
  if (!/^(?:commonjs|amd|umd|system|none|es\w+)$/i.test(module)) return [];
  const lines = '"module": "nodenext", "moduleResolution": "nodenext"';
  return [
    `tsconfig.json has "module": "${module}", which cannot load ES modules. Set:\n  ${lines}`,
  ];
}

async function createFiles({ tree, options, application, formatter }: SetUp): Promise<void> {
  for (const { path, content } of generatedFiles(application, options)) {
    if (tree.exists(path)) continue;
    tree.create(path, await formatter.format(path, content));
  }
}
