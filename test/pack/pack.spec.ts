import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../support/app.js';
import { Browser, passSandbox } from '../support/browser.js';
import { CliProcess } from '../support/cli-process.js';
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
const OPTIONAL_PEERS = [
  ...['@nestjs/config', '@nestjs/passport', 'oidc-provider', 'passport', 'redis', 'selfsigned'],
];
const TYPES = ['typescript', '@types/node'];
const PASSPORT_TYPES = ['@types/passport', '@types/express'];
const RUNNER_PACKAGES = [
  ...['@nestjs/platform-express', '@nestjs/testing', 'passport', 'oidc-provider'],
  ...['selfsigned', 'supertest', '@types/supertest'],
];
const JEST = ['jest', 'ts-jest', '@types/jest'];
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
  expect(files).toContain('package/docs/migration/oxd-ruby.md');
  expect(files).toContain('package/dist/schematics/collection.json');
  expect(files).toContain('package/dist/schematics/files/login.controller.ts.template');
  const known = /\.(js|d\.ts|md|json|template)$|LICENSE$/;
  expect(files.filter((file) => !known.test(file))).toEqual([]);
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
    title: 'Jest in a CommonJS project',
    type: 'commonjs',
    packages: JEST,
    versions: { ...NEST_11, 'ts-jest': '^29.4.0' } as Versions,
    configure: addToManifest,
    globals: 'jest',
    command: ['jest', '--ci', '--maxWorkers=2'],
    nodeOptions: '',
  },
  {
    title: 'Jest in an ES module project',
    type: 'module',
    packages: JEST,
    versions: { 'ts-jest': '^29.4.0' } as Versions,
    configure: addToManifest,
    globals: 'jest',
    command: ['jest', '--ci', '--maxWorkers=2'],
    nodeOptions: '--experimental-vm-modules',
  },
  {
    title: 'Vitest',
    type: 'module',
    packages: ['vitest'],
    versions: { vitest: '^4.1.2' } as Versions,
    configure: (cwd: string, block: string) => writeFile(join(cwd, 'vitest.config.mjs'), block),
    globals: 'vitest/globals',
    command: ['vitest', 'run', '--maxWorkers=2'],
    nodeOptions: '',
  },
])('$title, configured as docs/testing.md shows', (project) => {
  const { title, type, packages, versions } = project;
  let cwd: string;

  beforeAll(async () => {
    cwd = await makeProject({
      name: title,
      type,
      packages: [...PEERS, ...RUNNER_PACKAGES, ...PASSPORT_TYPES, ...TYPES, ...packages],
      versions,
    });
    const examples = join(root, 'test/docs/testing');
    for (const file of await readdir(examples)) {
      const source = await readFile(join(examples, file), 'utf8');
      // A CommonJS project imports its own files without extension.
      const own = type === 'commonjs' ? source.replace('./app.module.js', './app.module') : source;
      await writeFile(join(cwd, file), own);
    }
    await includeTests(cwd, project.globals);
    await project.configure(cwd, documentedBlock(title));
  });

  it('runs the tests of docs/testing.md in two workers at once', async () => {
    const env = { ...testEnvironment(), NODE_OPTIONS: project.nodeOptions };
    const { stdout, stderr } = await run('npx', project.command, { cwd, env });
    expect(`${stdout}${stderr}`).toMatch(/Tests:? +21 passed/);
  });

  it('leaves no store file behind', async () => {
    expect(await readdir(cwd)).not.toContain('.oxd');
  });

  it('compiles the application and its tests without skipLibCheck', async () => {
    expect(await typeErrors(cwd)).toEqual([]);
  });
});

describe('the quick start of README.md in a new project', () => {
  let cwd: string;

  beforeAll(async () => {
    const words = readmeBlock('sh', 'npm install').trim().split(/\s+/);
    const other = ['npm', 'install', '--save-dev', 'nestjs-oxd'];
    const packages = words.filter((word) => !other.includes(word));
    cwd = await makeProject({
      name: 'quick start',
      type: 'module',
      packages: [...PEERS, '@nestjs/platform-express', ...packages, '@types/express', ...TYPES],
      versions: {},
    });
    await writeFile(join(cwd, 'app.module.ts'), readmeBlock('ts', 'OidcStrategy'));
    await cp(join(root, '.ci/consumer/quick-start.ts'), join(cwd, 'main.ts'));
  });

  it('has an executable command that prints the version of the package', async () => {
    const { stdout } = await run('npx', ['nestjs-oxd', '--version'], { cwd });
    expect(stdout).toBe(`${manifest.version}\n`);
  });

  it('logs a user in at the sandbox of the command, with its lines in .env', async () => {
    expect(await typeErrors(cwd)).toEqual([]);
    const port = await freePort();
    const redirectUri = `http://localhost:${port}/callback`;
    const command = join(cwd, 'node_modules/.bin/nestjs-oxd');
    const sandbox = new CliProcess(
      command,
      ['sandbox', '--port=0', '--redirect-uri', redirectUri],
      { cwd },
    );
    const variables = Object.entries(await sandbox.variables());
    await writeFile(join(cwd, '.env'), variables.map((pair) => pair.join('=')).join('\n'));
    const app = spawn('node', ['main.js'], {
      cwd,
      env: { PATH: process.env.PATH, PORT: `${port}` },
    });
    await once(app.stdout, 'data');
    const page = await passSandbox(new Browser(), `http://localhost:${port}/login`);
    expect(page.html).toBe('Hello Zoë Nováková');
    app.kill();
    await once(app, 'exit');
    expect(await sandbox.stop('SIGTERM')).toBe(0);
  });

  it('has a command that names the package to install when oidc-provider is missing', async () => {
    await rm(join(cwd, 'node_modules/oidc-provider'), { recursive: true });
    await expect(run('npx', ['nestjs-oxd', 'sandbox'], { cwd })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('npm install --save-dev oidc-provider') as string,
    });
  });
});

/** Includes every file of a project, with the types of its test runner. */
async function includeTests(cwd: string, globals: string): Promise<void> {
  const file = join(cwd, 'tsconfig.json');
  const { compilerOptions } = JSON.parse(await readFile(file, 'utf8')) as {
    compilerOptions: object;
  };
  const types = ['node', globals];
  await writeFile(file, JSON.stringify({ compilerOptions: { ...compilerOptions, types } }));
}

/** Adds a block of JSON to the package.json of a project. */
async function addToManifest(cwd: string, block: string): Promise<void> {
  const file = join(cwd, 'package.json');
  const own = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...own, ...(JSON.parse(block) as object) }));
}

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

/** First block of README.md in a language that contains a text. */
function readmeBlock(language: string, text: string): string {
  const page = readFileSync(join(root, 'README.md'), 'utf8');
  const blocks = page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'));
  return [...blocks].map(([, code = '']) => code).find((code) => code.includes(text)) ?? '';
}

/** First block of code below a heading of docs/testing.md. */
function documentedBlock(heading: string): string {
  const page = readFileSync(join(root, 'docs/testing.md'), 'utf8');
  const [, section = ''] = page.split(`\n### ${heading}\n`);
  const [, block = ''] = /```\w+\n([^]*?)```/.exec(section) ?? [];
  return block;
}

/** Without the variables that Jest sets in this process, and without colours. */
function testEnvironment(): NodeJS.ProcessEnv {
  const own = new Set(['NODE_ENV', 'JEST_WORKER_ID', 'FORCE_COLOR']);
  const inherited = Object.entries(process.env).filter(([name]) => !own.has(name));
  return { ...Object.fromEntries(inherited), NO_COLOR: '1' };
}
