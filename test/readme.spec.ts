import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { libFiles, libSource, root } from './support/source.js';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

const pages = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

it('README.md has these sections in this order, and no other', () => {
  const headings = [...text('README.md').matchAll(/^## (.+)$/gm)].map(([, name = '']) => name);
  expect(headings).toEqual([
    'Install',
    'Log in',
    'Protect a route',
    'Choose a transport',
    'Options',
    'Errors',
    'Implemented standards',
    'Samples',
    'Moving from nest-keycloak-connect or oxd-node',
    // Beside the versions: what can be expected, with how it is measured.
    'Speed',
    'Versions',
    'Security',
    'Licence',
  ]);
});

it('README.md begins with one sentence, and code of at most 20 lines', () => {
  const [, definition = ''] = /^# nestjs-oxd\n\n([^]+?)\n\n## /.exec(text('README.md')) ?? [];
  expect(definition).not.toContain('\n\n');
  expect(definition.match(/\.(?=\s|$)/g)).toHaveLength(1);
  const [, first = ''] = /^```ts\n([^]*?)^```$/m.exec(text('README.md')) ?? [];
  expect(first.trim().split('\n').length).toBeLessThanOrEqual(20);
});

it('docs/environment.md names every variable that is read, and its option', () => {
  const read = /^ {2}(OXD_\w+): \[\s*'([\w.]+)'/gm;
  const variables = [...text('lib/options/oxd.config.ts').matchAll(read)];
  const rows = text('docs/environment.md').matchAll(/^\| `(OXD_\w+)` +\| `([\w.]+)`/gm);
  const pairs = (found: Iterable<RegExpMatchArray>) =>
    [...found].map(([, name, path]) => `${name} ${path}`).toSorted();
  expect(variables.length).toBeGreaterThan(70);
  expect(pairs(rows)).toEqual(pairs(variables));
});

it('docs/protect-an-api.md quotes log lines and errors as they are', () => {
  const code = libFiles()
    .map(libSource)
    .join('\n')
    .replace(/['"`] \+\s+['"`]/g, '');
  const source = code.replaceAll("\\'", "'");
  const tables = text('docs/protect-an-api.md')
    .split('\n\n')
    .filter((block) => /^\| (the line|what the error) says/.test(block));
  const quoted = tables
    .flatMap((table) => table.split('\n').slice(2))
    .flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)])
    .map(([, one = '']) => one)
    // An error of Nest: test/uma/missing-import.spec.ts compares it with Nest.
    .filter((one) => !one.startsWith("Nest can't resolve"));
  expect(quoted.length).toBeGreaterThan(25);
  const parts = quoted.flatMap((one) => one.split('…'));
  expect(parts.filter((part) => !source.includes(part))).toEqual([]);
});

describe.each(pages)('%s', (page) => {
  it('names files that exist', () => {
    const links = [...text(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)];
    const missing = links.filter(([, path = '']) => !existsSync(join(root, dirname(page), path)));
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  it('names scripts that exist', () => {
    const named = [...text(page).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test|cit)\b)/g)].map(
      ([, run, short]) => run ?? (short === 'cit' ? 'test' : short) ?? '',
    );
    expect(named.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });
});

describe('TypeScript examples', () => {
  const wrong = "import { Missing } from 'nestjs-oxd';\nexport const wrong: string = 1;\n";
  let found: string[];

  beforeAll(() => {
    found = problems(new Map([...pages.flatMap(examplesOf), [join(root, 'wrong.md.7.ts'), wrong]]));
  });

  it('compile as they stand', () => {
    expect(found.filter((line) => !line.startsWith('wrong.md'))).toEqual([]);
  });

  it('are named with page and line if they do not', () => {
    expect(found.filter((line) => line.startsWith('wrong.md'))).toEqual([
      expect.stringMatching(/^wrong\.md:7: .*Missing/),
      expect.stringMatching(/^wrong\.md:8: .*number/),
    ]);
  });
});

/** The `ts` blocks of a page as files that do not exist, named after the page and their line. */
function examplesOf(page: string): [string, string][] {
  const source = text(page);
  return [...source.matchAll(/^```(?:ts|typescript)\b.*\n([^]*?)^```$/gm)].map((match) => {
    const line = source.slice(0, match.index).split('\n').length + 1;
    return [join(root, `${page}.${line}.ts`), match[1] ?? ''];
  });
}

/** Type errors of the examples, all in one program, with the package read from its sources. */
function problems(examples: ReadonlyMap<string, string>): string[] {
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const program = ts.createProgram({
    rootNames: [...examples.keys()],
    options,
    host: {
      ...host,
      fileExists: (file) => examples.has(file) || host.fileExists(file),
      readFile: (file) => examples.get(file) ?? host.readFile(file),
      getSourceFile: (file, version, ...rest) =>
        examples.has(file)
          ? ts.createSourceFile(file, examples.get(file) ?? '', version)
          : host.getSourceFile(file, version, ...rest),
    },
  });
  return [...examples.keys()]
    .flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)))
    .map(message);
}

function compilerOptions(): ts.CompilerOptions {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.convertCompilerOptionsFromJson(
    (config.config as { compilerOptions: object }).compilerOptions,
    root,
  );
  const paths = Object.entries(manifest.exports).flatMap(([subpath, entry]) =>
    typeof entry === 'string'
      ? []
      : [[`nestjs-oxd${subpath.slice(1)}`, [join(root, sourceOf(entry.types))]]],
  );
  return {
    ...options,
    paths: Object.fromEntries(paths) as Record<string, string[]>,
    types: ['node'],
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
}

function sourceOf(types: string): string {
  return types.replace('./dist/', 'lib/').replace('.d.ts', '.ts');
}

function message({ file, start, messageText }: ts.Diagnostic): string {
  const [, page = '', first = '0'] = /^(.*)\.(\d+)\.ts$/.exec(file?.fileName ?? '') ?? [];
  const line = Number(first) + (file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0);
  const reason = ts.flattenDiagnosticMessageText(messageText, '\n');
  return `${page.slice(root.length + 1)}:${line}: ${reason}`;
}

function text(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}
