import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../support/source.js';

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Ranges of versions that differ from those of this repository. */
type Versions = Readonly<Record<string, string>>;

interface ProjectOptions {
  readonly name: string;
  readonly type: string;
  readonly packages: readonly string[];
  readonly versions: Versions;
}

const run = promisify(execFile);
const PEERS = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'];
const OPTIONAL_PEERS = ['@nestjs/config', '@nestjs/passport', 'oidc-provider', 'passport', 'redis'];
const TYPES = ['typescript', '@types/node'];
const PASSPORT_TYPES = ['@types/passport', '@types/express'];
const RUNNER_PACKAGES = ['@nestjs/platform-express', '@nestjs/testing', 'passport'];
/** NestJS 11, of which the repository itself installs nothing. */
const NEST_11: Versions = {
  '@nestjs/common': '^11.0.0',
  '@nestjs/config': '^4.0.0',
  '@nestjs/core': '^11.0.0',
  '@nestjs/passport': '^11.0.0',
  '@nestjs/platform-express': '^11.0.0',
  '@nestjs/testing': '^11.0.0',
};

let folder: string;
let tarball: string;
let manifest: Manifest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oxd-pack-'));
  manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
  await run('npm', ['pack', '--pack-destination', folder], { cwd: root });
  tarball = join(folder, `nestjs-oxd-${manifest.version}.tgz`);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('the packed package holds what is published and nothing else', async () => {
  const { stdout } = await run('tar', ['-tzf', tarball]);
  const files = stdout.trim().split('\n');
  const top = new Set(files.map((file) => file.split('/')[1] ?? ''));
  expect([...top].sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json'].sort(),
  );
  expect(files.filter((file) => file.startsWith('package/docs/api/'))).toEqual([]);
  expect(files).toContain('package/docs/login.md');
  expect(files.filter((file) => !/\.(js|d\.ts|md|json)$|LICENSE$/.test(file))).toEqual([]);
  const entries = Object.values(manifest.exports).map((entry) =>
    typeof entry === 'string' ? entry : entry.default,
  );
  expect(files).toEqual(
    expect.arrayContaining(entries.map((path) => path.replace('.', 'package'))),
  );
});

describe.each([
  {
    project: 'an ES module project',
    type: 'module',
    source: 'all.ts',
    packages: [...PEERS, ...OPTIONAL_PEERS, ...PASSPORT_TYPES],
    versions: {},
  },
  {
    project: 'a CommonJS project',
    type: 'commonjs',
    source: 'all.ts',
    packages: [...PEERS, ...OPTIONAL_PEERS, ...PASSPORT_TYPES],
    versions: {},
  },
  {
    project: 'a CommonJS project of NestJS 11',
    type: 'commonjs',
    source: 'all.ts',
    packages: [...PEERS, ...OPTIONAL_PEERS, ...PASSPORT_TYPES],
    versions: NEST_11,
  },
  {
    project: 'a project without the optional peers',
    type: 'module',
    source: 'main-entry.ts',
    packages: PEERS,
    versions: {},
  },
])('$project', ({ project, type, source, packages, versions }) => {
  let cwd: string;

  beforeAll(async () => {
    cwd = await makeProject({ name: project, type, packages: [...packages, ...TYPES], versions });
    await cp(join(root, '.ci/consumer', source), join(cwd, 'main.ts'));
  });

  it('has none of the optional peers but its own', async () => {
    const installed = await readdir(join(cwd, 'node_modules'));
    const nest = await readdir(join(cwd, 'node_modules/@nestjs'));
    const there = [...installed, ...nest.map((name) => `@nestjs/${name}`)];
    const expected = OPTIONAL_PEERS.filter((name) => packages.includes(name));
    expect(OPTIONAL_PEERS.filter((name) => there.includes(name))).toEqual(expected);
  });

  it('is type-checked, the declarations of the package included', async () => {
    expect(await typeErrors(cwd)).toEqual([]);
  });

  it('starts', async () => {
    const { stdout } = await run('node', ['main.js'], { cwd });
    expect(stdout).toMatch(/^started$/m);
  });

  it('starts on the oldest Node that is promised', async () => {
    const oldest = manifest.engines.node.replace('>=', '');
    const node = ['-y', '-p', `node@${oldest}`, 'node'];
    const { stdout: version } = await run('npx', [...node, '--version'], { cwd });
    expect(version.trim()).toBe(`v${oldest}`);
    const { stdout } = await run('npx', [...node, 'main.js'], { cwd });
    expect(stdout).toMatch(/^started$/m);
  });
});

describe.each([
  {
    title: 'ts-jest in a CommonJS project of NestJS 11, as its CLI makes it',
    type: 'commonjs',
    packages: ['jest', 'ts-jest', '@types/jest'],
    versions: { ...NEST_11, 'ts-jest': '^29.4.0' } as Versions,
    configuration: 'jest.config.json',
    content: () =>
      JSON.stringify({
        moduleFileExtensions: ['js', 'json', 'ts'],
        testRegex: String.raw`.*\.spec\.ts$`,
        transform: { [String.raw`^.+\.(t|j)s$`]: 'ts-jest' },
        testEnvironment: 'node',
        transformIgnorePatterns: documentedPatterns(),
      }),
    command: ['jest', '--ci', '--maxWorkers=2'],
  },
  {
    title: 'Vitest in an ES module project of NestJS 12, as its CLI makes it',
    type: 'module',
    packages: ['vitest'],
    versions: { vitest: '^4.1.2' } as Versions,
    configuration: 'vitest.config.ts',
    content: () =>
      "import { defineConfig } from 'vitest/config';\n" +
      "export default defineConfig({ test: { globals: true, include: ['**/*.spec.ts'] } });\n",
    command: ['vitest', 'run', '--maxWorkers=2'],
  },
])('$title', ({ title, type, packages, versions, configuration, content, command }) => {
  let cwd: string;

  beforeAll(async () => {
    cwd = await makeProject({
      name: title,
      type,
      packages: [...PEERS, ...RUNNER_PACKAGES, ...PASSPORT_TYPES, ...TYPES, ...packages],
      versions,
    });
    for (const file of ['app.module.ts', 'albums.spec.ts', 'login.spec.ts']) {
      const source = await readFile(join(root, '.ci/consumer/application', file), 'utf8');
      // A CommonJS project imports its own files without extension.
      const own = type === 'commonjs' ? source.replace('./app.module.js', './app.module') : source;
      await writeFile(join(cwd, file), own);
    }
    await writeFile(join(cwd, configuration), content());
  });

  it('runs the specs of an application in two workers at once', async () => {
    const { stdout, stderr } = await run('npx', command, { cwd, env: testEnvironment() });
    expect(`${stdout}${stderr}`).toMatch(/Tests:? +4 passed/);
  });

  it('leaves no store file behind', async () => {
    expect(await readdir(cwd)).not.toContain('.oxd');
  });

  it('compiles the module of the application without skipLibCheck', async () => {
    expect(await typeErrors(cwd)).toEqual([]);
  });
});

/** Makes a project that has the packed package and these packages installed. */
async function makeProject({ name, type, packages, versions }: ProjectOptions): Promise<string> {
  const cwd = join(folder, name.replaceAll(' ', '-'));
  await mkdir(cwd);
  await writeFile(join(cwd, 'package.json'), JSON.stringify({ name: 'consumer', type }));
  await cp(join(root, '.ci/consumer/tsconfig.json'), join(cwd, 'tsconfig.json'));
  const ranges = packages.map(
    (wanted) => `${wanted}@${versions[wanted] ?? manifest.devDependencies[wanted]}`,
  );
  await run('npm', ['install', '--no-audit', '--no-fund', tarball, ...ranges], { cwd });
  return cwd;
}

/** Errors of the compiler, without those inside other packages. */
async function typeErrors(cwd: string): Promise<string[]> {
  const { stdout } = await run('npx', ['tsc'], { cwd }).catch((error: { stdout: string }) => error);
  const foreign = /^(node_modules\/(?!nestjs-oxd\/)|\s)/;
  return stdout.split('\n').filter((line) => line !== '' && !foreign.test(line));
}

/** `transformIgnorePatterns` of docs/testing.md. */
function documentedPatterns(): unknown {
  const page = readFileSync(join(root, 'docs/testing.md'), 'utf8');
  const [, list = ''] = /"transformIgnorePatterns": (\[[^\]]*\])/.exec(page) ?? [];
  return JSON.parse(list);
}

/** Without the variables that Jest sets in this process, and without colours. */
function testEnvironment(): NodeJS.ProcessEnv {
  const own = new Set(['NODE_ENV', 'JEST_WORKER_ID', 'FORCE_COLOR']);
  const inherited = Object.entries(process.env).filter(([name]) => !own.has(name));
  return { ...Object.fromEntries(inherited), NO_COLOR: '1' };
}
