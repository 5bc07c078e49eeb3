import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startSandbox } from '../../lib/sandbox/sandbox.js';
import { freePort } from '../support/app.js';
import { Browser, passSandbox } from '../support/browser.js';
import { registerSecret } from '../support/secrets.js';
import { root } from '../support/source.js';

const GENERATED = join(import.meta.dirname, '.generated');

it('the first code of README.md logs a user in', async () => {
  const quiet = { clientsFile: false, quiet: true } as const;
  const sandbox = await startSandbox({ port: 0, ...quiet, onSecret: registerSecret });
  const port = await freePort();
  const app = await NestFactory.create(await quickStart(sandbox.issuer, port), {
    logger: ['warn', 'error'],
  });
  try {
    await app.listen(port);
    const page = await passSandbox(new Browser(), `http://localhost:${port}/login`);
    expect(page.html).toBe('Hello Zoë Nováková');
  } finally {
    await app.close();
    await sandbox.close();
  }
});

/** The module of the README; what it names is replaced by what is there, and its store is no file. */
async function quickStart(issuer: string, port: number): Promise<Type> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const replacements = {
    "'nestjs-oxd'": "'../../../lib/index.js'",
    "'nestjs-oxd/passport'": "'../../../lib/oidc/passport.js'",
    'https://op.example.com': issuer,
    'http://localhost:3000': `http://localhost:${port}`,
    'forRoot({': `forRoot({
      store: new (await import('../../../lib/index.js')).MemoryStore(),
      transport: { type: 'embedded', allowInsecureRequests: true },`,
  };
  let source = /^```ts\n([^]*?)^```$/m.exec(readme)?.[1] ?? '';
  for (const [written, here] of Object.entries(replacements)) {
    expect(source).toContain(written);
    source = source.replace(written, here);
  }
  const file = join(GENERATED, 'quick-start.ts');
  await mkdir(GENERATED, { recursive: true });
  await writeFile(file, source);
  const { AppModule } = (await import(file)) as { AppModule: Type };
  return AppModule;
}
