import { execFile } from 'node:child_process';
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

const run = promisify(execFile);
const PEERS = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'];
const OPTIONAL_PEERS = ['@nestjs/config', '@nestjs/passport', 'oidc-provider', 'passport'];
const TYPES = ['typescript', '@types/node'];

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
  expect([...top].sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']);
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
    packages: [...PEERS, ...OPTIONAL_PEERS, '@types/passport', '@types/express'],
  },
  {
    project: 'a CommonJS project',
    type: 'commonjs',
    source: 'all.ts',
    packages: [...PEERS, ...OPTIONAL_PEERS, '@types/passport', '@types/express'],
  },
  {
    project: 'a project without the optional peers',
    type: 'module',
    source: 'main-entry.ts',
    packages: PEERS,
  },
])('$project', ({ project, type, source, packages }) => {
  let cwd: string;

  beforeAll(async () => {
    cwd = join(folder, project.replaceAll(' ', '-'));
    await mkdir(cwd);
    await writeFile(join(cwd, 'package.json'), JSON.stringify({ name: 'consumer', type }));
    await cp(join(root, '.ci/consumer/tsconfig.json'), join(cwd, 'tsconfig.json'));
    await cp(join(root, '.ci/consumer', source), join(cwd, 'main.ts'));
    const wanted = [...packages, ...TYPES].map(
      (name) => `${name}@${manifest.devDependencies[name]}`,
    );
    await run('npm', ['install', '--no-audit', '--no-fund', tarball, ...wanted], { cwd });
  });

  it('has none of the optional peers but its own', async () => {
    const installed = await readdir(join(cwd, 'node_modules'));
    const nest = await readdir(join(cwd, 'node_modules/@nestjs'));
    const there = [...installed, ...nest.map((name) => `@nestjs/${name}`)];
    const expected = OPTIONAL_PEERS.filter((name) => packages.includes(name));
    expect(OPTIONAL_PEERS.filter((name) => there.includes(name))).toEqual(expected);
  });

  it('is type-checked, the declarations of the package included', async () => {
    const { stdout } = await run('npx', ['tsc'], { cwd }).catch(
      (error: { stdout: string }) => error,
    );
    const foreign = /^(node_modules\/(?!nestjs-oxd\/)|\s)/;
    expect(stdout.split('\n').filter((line) => line !== '' && !foreign.test(line))).toEqual([]);
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
