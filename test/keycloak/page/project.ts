import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { compileLib, toJavaScript } from '../../support/compiled-lib.js';
import { root } from '../../support/source.js';
import { Application } from './application.js';

const ENTRY = `import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

void NestFactory.create(AppModule).then((app) => app.listen(process.env.PORT ?? 3000));
`;
const PEER = join(root, 'bench/keycloak/peer');

/** A project of NestJS, as a page lets a user create it. */
export class Project {
  private constructor(
    readonly folder: string,
    private readonly format: ts.ModuleKind,
    private readonly remove: () => Promise<void>,
  ) {}

  /** A project with this package. */
  static async create(): Promise<Project> {
    const entries = ['index.ts', 'oidc/passport.ts', 'options/oxd.config.ts'];
    const library = await compileLib(entries);
    const folder = join(library.directory, 'shop');
    return prepared(new Project(folder, ts.ModuleKind.ES2022, () => library.remove()));
  }

  /** A project with nest-keycloak-connect and its NestJS, which are installed at the first call. */
  static async withPeer(): Promise<Project> {
    execFileSync(process.execPath, [join(PEER, 'install.mjs')]);
    const folder = await mkdtemp(join(tmpdir(), 'oxd-peer-'));
    await symlink(join(PEER, 'node_modules'), join(folder, 'node_modules'));
    const remove = () => rm(folder, { recursive: true });
    return prepared(new Project(folder, ts.ModuleKind.CommonJS, remove));
  }

  /** Writes a file; TypeScript is compiled to JavaScript beside it. */
  async write(file: string, code: string): Promise<void> {
    const path = join(this.folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, code);
    if (!file.endsWith('.ts')) return;
    await writeFile(path.replace(/\.ts$/, '.js'), toJavaScript(code, this.format));
  }

  /** Starts the application as `npm start` does, with further variables. */
  start(port: number, env: NodeJS.ProcessEnv = {}): Promise<Application> {
    return Application.start(this.folder, port, env);
  }

  close(): Promise<void> {
    return this.remove();
  }
}

async function prepared(project: Project): Promise<Project> {
  await project.write('src/main.ts', ENTRY);
  return project;
}
