import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { Application } from './application.js';
import type { ModuleEntry } from './module-edit.js';
import type { NestAddOptions } from './nest-add-options.js';

/** File to be created. */
export interface GeneratedFile {
  readonly path: string;
  readonly content: string;
}

/** Controllers with their tests, in the folder `oxd` of the sources. */
export function generatedFiles(
  { sourceRoot, isEsm }: Application,
  { login, protect, redirectUri }: NestAddOptions,
): GeneratedFile[] {
  const path = new URL(redirectUri).pathname.slice(1);
  const controllers = [...(login ? ['login'] : []), ...(protect ? ['albums'] : [])];
  return controllers
    .flatMap((name) => [`${name}.controller.ts`, `${name}.controller.spec.ts`])
    .map((name) => ({
      path: `${sourceRoot}/oxd/${name}`,
      content: template(name)
        .replace('<path>', path)
        .replaceAll('<js>', isEsm ? '.js' : ''),
    }));
}

function template(name: string): string {
  return readFileSync(new URL(`files/${name}.template`, import.meta.url), 'utf8');
}

/** Entries for the module of the application. */
export function moduleEntries(
  { sourceRoot, modulePath, isEsm }: Application,
  { login, protect }: NestAddOptions,
): ModuleEntry[] {
  const folder = posix.relative(posix.dirname(modulePath), `${sourceRoot}/oxd`);
  const start = folder.startsWith('.') ? folder : `./${folder}`;
  const controller = (className: string, name: string): ModuleEntry => {
    const from = `${start}/${name}.controller${isEsm ? '.js' : ''}`;
    return { list: 'controllers', expression: className, names: { [className]: from } };
  };
  return [
    ...CONFIGURATION,
    ...(login ? [controller('LoginController', 'login'), STRATEGY] : []),
    ...(protect ? [controller('AlbumsController', 'albums')] : []),
  ];
}

const CONFIGURATION: readonly ModuleEntry[] = [
  {
    list: 'imports',
    expression: 'ConfigModule.forRoot()',
    names: { ConfigModule: '@nestjs/config' },
  },
  {
    list: 'imports',
    expression: 'OxdModule.forRootAsync(oxdConfig.asProvider())',
    names: { OxdModule: 'nestjs-oxd', oxdConfig: 'nestjs-oxd/config' },
  },
];

const STRATEGY: ModuleEntry = {
  list: 'providers',
  expression: 'OidcStrategy',
  names: { OidcStrategy: 'nestjs-oxd/passport' },
};
