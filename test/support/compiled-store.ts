import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const LIB = join(import.meta.dirname, '../../lib');

/** `file-store.ts` and what it imports as JavaScript, for child processes. @returns its path */
export async function compileFileStore(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'oxd-lib-'));
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  const names = ['errors', 'json'].map((name) => `base/${name}`);
  for (const name of [...names, 'store/oxd-store', 'store/lock-file', 'store/file-store']) {
    const source = await readFile(join(LIB, `${name}.ts`), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 },
    });
    const target = join(directory, `${name}.js`);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, outputText);
  }
  return join(directory, 'store/file-store.js');
}
