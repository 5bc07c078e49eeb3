import { nestAdd } from '../../lib/schematics/nest-add.js';
import type { NestAddOptions } from '../../lib/schematics/nest-add-options.js';
import { ProjectFiles } from './project-files.js';

/** Files of a project that Nest CLI generates. */
export interface NestProject {
  readonly isEsm?: boolean;
  /** Files to add, or to replace. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Project of Nest CLI 12 with ES modules; without them that of Nest CLI 11. */
export function nestProject({ isEsm = true, files = {} }: NestProject = {}): ProjectFiles {
  const manifest = {
    ...(isEsm && { type: 'module' }),
    dependencies: { '@nestjs/common': isEsm ? '^12.0.1' : '^11.0.1', rxjs: '^7.8.1' },
    devDependencies: { '@types/supertest': '^7.0.0', supertest: '^7.0.0' },
    ...(!isEsm && { jest: { rootDir: 'src' } }),
  };
  return new ProjectFiles({
    'package.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
    'nest-cli.json': '{ "sourceRoot": "src" }',
    'src/main.ts': entryFile(`./app.module${isEsm ? '.js' : ''}`, 'AppModule'),
    'src/app.module.ts': APP_MODULE,
    ...files,
  });
}

export const APP_MODULE = `import { Module } from '@nestjs/common';

@Module({
  imports: [],
  controllers: [],
  providers: [],
})
export class AppModule {}
`;

/** Entry file that starts a module. */
export function entryFile(path: string, className: string): string {
  return `import { NestFactory } from '@nestjs/core';
import { ${className} } from '${path}';

const app = await NestFactory.create(${className});
await app.listen(3000);
`;
}

/** Runs the schematic, and returns its warnings. */
export async function runNestAdd(
  files: ProjectFiles,
  options: Partial<NestAddOptions> = {},
): Promise<string[]> {
  const warnings: string[] = [];
  const logger = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
  await nestAdd(options)(files, { logger });
  return warnings;
}
