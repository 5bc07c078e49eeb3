import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../support/source.js';

/** A small application that uses the built package with its default store. */
const FILES: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ name: 'watched', type: 'module', private: true }),
  'nest-cli.json': JSON.stringify({ sourceRoot: 'src' }),
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      ...{ target: 'es2022', module: 'nodenext', rootDir: 'src', outDir: 'dist', strict: true },
      ...{ experimentalDecorators: true, emitDecoratorMetadata: true, skipLibCheck: true },
      ...{ types: ['node'] },
    },
    include: ['src'],
  }),
  'src/app.module.ts': `
import { Module } from '@nestjs/common';
import { OxdModule } from 'nestjs-oxd';

const site = {
  op_host: 'http://127.0.0.1:1',
  authorization_redirect_uri: 'http://127.0.0.1:3000/callback',
};

@Module({
  imports: [OxdModule.forRoot({ site, transport: { type: 'embedded', allowInsecureRequests: true } })],
})
export class AppModule {}
`,
  'src/main.ts': `
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { REVISION } from './revision.js';

const app = await NestFactory.create(AppModule, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
console.log('started revision ' + REVISION);
`,
};

/** Writes the application into a new directory. @returns its path */
export async function createProject(): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'oxd-watch-'));
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
  await mkdir(join(project, 'src'));
  for (const [name, content] of Object.entries(FILES)) await write(project, name, content);
  await saveRevision(project, 0);
  return project;
}

/** Changes a source file of the application. */
export function saveRevision(project: string, revision: number): Promise<void> {
  return write(project, 'src/revision.ts', `export const REVISION = ${revision};\n`);
}

/** Writes two Jest specs that start the application's module, each while the other has it open. */
export async function addSpecs(project: string): Promise<void> {
  await mkdir(join(project, 'test'));
  for (const [own, other] of [
    ['a', 'b'],
    ['b', 'a'],
  ]) {
    await write(
      project,
      `test/${own}.spec.js`,
      `
import { existsSync, writeFileSync } from 'node:fs';
import { Test } from '@nestjs/testing';
import { AppModule } from '../dist/app.module.js';

it('starts the module', async () => {
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  await module.init();
  writeFileSync('started-${own}', '');
  while (!existsSync('started-${other}')) await new Promise((resolve) => setTimeout(resolve, 50));
  await module.close();
}, 60_000);
`,
    );
  }
}

export function removeProject(project: string): Promise<void> {
  return rm(project, { recursive: true, force: true });
}

function write(project: string, name: string, content: string): Promise<void> {
  return writeFile(join(project, name), content);
}
