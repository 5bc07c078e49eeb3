import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { libFiles, libSource, root } from './support/source.js';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** An entry of the table of variables: name and option. */
const VARIABLE = /^ {2}(OXD_\w+): \[\s*'([\w.]+)'/gm;

const pages = [
  '.',
  '.github',
  'bench',
  'docs',
  'docs/migration',
  'sample/01-login',
  'sample/02-protect-an-api',
  'sample/03-bearer-and-mcp',
].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => (folder === '.' ? file : `${folder}/${file}`)),
);
const manifest = manifestOf('.');

it('README.md has at most 9 kB and begins with code of at most 20 lines', () => {
  expect(Buffer.byteLength(text('README.md'))).toBeLessThanOrEqual(9_000);
  const [, first = ''] = /^```ts\n([^]*?)^```$/m.exec(text('README.md')) ?? [];
  expect(first.trim().split('\n').length).toBeLessThanOrEqual(20);
});

it('README.md or docs/migration.md links to every page of docs', () => {
  const links = ['README.md', 'docs/migration.md'].flatMap((page) =>
    [...text(page).matchAll(/\]\(([\w/-]+\.md)/g)].map(([, path = '']) =>
      join(dirname(page), path),
    ),
  );
  const missing = pages.filter((page) => page.startsWith('docs/') && !links.includes(page));
  expect(missing).toEqual([]);
});

it('docs/options.md names every option that a variable sets, except parameters of the site', () => {
  const options = [...text('lib/options/oxd.config.ts').matchAll(VARIABLE)].map(
    ([, , path]) => path,
  );
  const own = options.filter((path = '') => !path.startsWith('site.'));
  const named = text('docs/options.md')
    .split('\n')
    .flatMap((row) => optionsOf(row.split(' | ')[0] ?? ''));
  expect(own.length).toBeGreaterThan(15);
  expect(own.filter((path = '') => !named.includes(path))).toEqual([]);
});

it('docs/errors.md has every error code of the library', () => {
  const source = text('lib/base/errors.ts').replace(/\/\*\*[^]*?\*\//g, '');
  const codes = new Set(
    source.match(/'(?:OXD|OIDC|UMA)_[A-Z_]+'/g)?.map((code) => code.slice(1, -1)),
  );
  const rows = [...text('docs/errors.md').matchAll(/^\| `\w+` `(\w+)`/gm)].map(
    ([, code = '']) => code,
  );
  expect(codes.size).toBeGreaterThan(15);
  expect(rows.toSorted()).toEqual([...codes].toSorted());
});

it('docs/errors.md has every error code of BearerGuard', () => {
  const codes = new Set(text('lib/http/bearer-denial.ts').match(/BEARER_[A-Z_]+/g));
  const rows = [...text('docs/errors.md').matchAll(/^\| `(BEARER_\w+)`/gm)];
  expect(codes.size).toBeGreaterThan(5);
  expect(rows.map(([, code = '']) => code).toSorted()).toEqual([...codes].toSorted());
});

it('docs/environment.md names every variable that is read, except parameters of the site', () => {
  const variables = [...text('lib/options/oxd.config.ts').matchAll(VARIABLE)];
  const rows = text('docs/environment.md').matchAll(/^\| `(OXD_\w+)` +\| `([\w.]+)`/gm);
  const pairs = (found: Iterable<RegExpMatchArray>) =>
    [...found].map(([, name, path]) => `${name} ${path}`).toSorted();
  expect(variables.length).toBeGreaterThan(20);
  expect(pairs(rows)).toEqual(pairs(variables));
});

it('the pages about the guards quote log lines and errors as they are', () => {
  const code = libFiles()
    .map(libSource)
    .join('\n')
    .replace(/['"`] \+\s+['"`]/g, '')
    // Messages of every guard contain the prefix of its name.
    .replace(/\$\{(?:marks\.)?prefix\}/g, 'Uma');
  const source = code.replaceAll("\\'", "'");
  const tables = ['docs/protect-an-api.md', 'docs/operate-uma.md', 'docs/bearer-tokens.md']
    .flatMap((page) => text(page).split('\n\n'))
    .filter((block) => /^\| the (line contains|error states)/.test(block));
  expect(tables).toHaveLength(3);
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

it('CONTRIBUTING.md names files of lib that exist', () => {
  const page = text('CONTRIBUTING.md');
  const nodes = [...page.matchAll(/\[([\w/.-]+\.ts)\]/g)].map(([, file]) => `lib/${file}`);
  const paths = [...page.matchAll(/`((?:lib|test)\/[\w/.-]+\.ts)`/g)].map(([, file = '']) => file);
  expect(nodes.length).toBeGreaterThan(30);
  expect([...nodes, ...paths].filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

describe.each(pages)('%s', (page) => {
  it('names files that exist', () => {
    const links = [...text(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)];
    const missing = links.filter(([, path = '']) => !existsSync(join(root, dirname(page), path)));
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  it('names headings that exist', () => {
    const links = [...text(page).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)]+)\)/g)];
    const missing = links.filter(([, path = '', anchor = '']) => {
      const target = path === '' ? page : join(dirname(page), path);
      return !anchorsOf(target).has(anchor);
    });
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  it('names scripts that exist', () => {
    const named = [...text(page).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test|cit)\b)/g)].map(
      ([, run, short]) => run ?? (short === 'cit' ? 'test' : short) ?? '',
    );
    const folder = page.startsWith('sample/') ? dirname(page) : '.';
    const { scripts } = manifestOf(folder);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

it('docs/testing.md shows the files of test/docs/testing, which run as tests', () => {
  const folder = 'test/docs/testing';
  const files = readdirSync(join(root, folder)).map((file) => text(`${folder}/${file}`));
  const shown = examplesOf('docs/testing.md').map(([, code]) => code);
  expect(shown.length).toBeGreaterThan(5);
  expect(shown.toSorted()).toEqual(files.toSorted());
});

describe('TypeScript examples', () => {
  const wrong = "import { Missing } from 'nestjs-oxd';\nexport const wrong: string = 1;\n";
  // The type check of the repository includes the files that docs/testing.md shows.
  const others = pages.filter((page) => page !== 'docs/testing.md');
  let found: string[];

  beforeAll(() => {
    found = problems(
      new Map([...others.flatMap(examplesOf), [join(root, 'wrong.md.7.ts'), wrong]]),
    );
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

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}

/**
 * The `ts` blocks of a page as files that do not exist, named after the page and their line, except code
 * before a migration, marked `ts before`: it needs packages of another NestJS.
 */
function examplesOf(page: string): [string, string][] {
  const source = text(page);
  return [...source.matchAll(/^```(?:ts|typescript)\b(?! before).*\n([^]*?)^```$/gm)].map(
    (match) => {
      const line = source.slice(0, match.index).split('\n').length + 1;
      return [join(root, `${page}.${line}.ts`), match[1] ?? ''];
    },
  );
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

/** Anchors of the headings of a page, as GitHub forms them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = text(page)
    .replace(/^```[^]*?^```$/gm, '')
    .matchAll(/^#+ (.+)$/gm);
  const slugs = [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(slugs);
}

/** Options in the first cell of a row; `.port` after `transport.host` is `transport.port`. */
function optionsOf(cell: string): string[] {
  let group = '';
  return [...cell.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => {
    if (name.startsWith('.')) return `${group}${name}`;
    group = name.split('.')[0] ?? '';
    return name;
  });
}

function text(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}
