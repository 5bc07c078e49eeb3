import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { compileLib, toJavaScript, type CompiledLib } from '../../support/compiled-lib.js';
import { Application } from './application.js';

const ENTRY = `import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
await app.listen(process.env.PORT ?? 3000);
`;

/** A project of NestJS with the package, as a page lets a user create it. */
export class Project {
  private constructor(
    readonly folder: string,
    private readonly library: CompiledLib,
  ) {}

  static async create(): Promise<Project> {
    const entries = ['index.ts', 'oidc/passport.ts', 'options/oxd.config.ts'];
    const library = await compileLib(entries);
    const project = new Project(join(library.directory, 'shop'), library);
    await project.write('src/main.ts', ENTRY);
    return project;
  }

  /** Writes a file; TypeScript is compiled to JavaScript beside it. */
  async write(file: string, code: string): Promise<void> {
    const path = join(this.folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, code);
    if (file.endsWith('.ts')) await writeFile(path.replace(/\.ts$/, '.js'), toJavaScript(code));
  }

  /** Starts the application as `npm start` does, with further variables. */
  start(port: number, env: NodeJS.ProcessEnv = {}): Promise<Application> {
    return Application.start(this.folder, port, env);
  }

  close(): Promise<void> {
    return this.library.remove();
  }
}
