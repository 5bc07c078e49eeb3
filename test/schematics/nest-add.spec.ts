import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationLines } from '../../lib/cli/configuration-lines.js';
import { DEFAULTS } from '../../lib/schematics/nest-add-options.js';
import { oxdConfig } from '../../lib/options/oxd.config.js';
import { entryFile, nestProject, runNestAdd } from '../support/nest-project.js';
import { root } from '../support/source.js';

const LOGIN = ['src/oxd/login.controller.spec.ts', 'src/oxd/login.controller.ts'];
const ALBUMS = ['src/oxd/albums.controller.spec.ts', 'src/oxd/albums.controller.ts'];

describe('nest add nestjs-oxd', () => {
  it('adds module, controllers and strategy to the module of an ES module project', async () => {
    const files = nestProject();
    expect(await runNestAdd(files)).toEqual([]);
    expect(files.text('src/app.module.ts')).toBe(`import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { OxdModule } from 'nestjs-oxd';
import { oxdConfig } from 'nestjs-oxd/config';
import { LoginController } from './oxd/login.controller.js';
import { OidcStrategy } from 'nestjs-oxd/passport';
import { AlbumsController } from './oxd/albums.controller.js';

@Module({
  imports: [ConfigModule.forRoot(), OxdModule.forRootAsync(oxdConfig.asProvider())],
  controllers: [LoginController, AlbumsController],
  providers: [OidcStrategy],
})
export class AppModule {}
`);
  });

  it('imports files without extension in a CommonJS project', async () => {
    const files = nestProject({ isEsm: false });
    expect(await runNestAdd(files)).toEqual([]);
    const sources = [
      'app.module.ts',
      'oxd/login.controller.spec.ts',
      'oxd/albums.controller.spec.ts',
    ];
    for (const path of sources) expect(files.text(`src/${path}`)).not.toContain(".js'");
    expect(files.text('src/app.module.ts')).toContain("from './oxd/login.controller';");
  });

  it.each([
    { login: true, protect: true, created: [...ALBUMS, ...LOGIN] },
    { login: true, protect: false, created: LOGIN },
    { login: false, protect: true, created: ALBUMS },
    { login: false, protect: false, created: [] },
  ])('creates files for login $login and protect $protect', async ({ created, ...wanted }) => {
    const files = nestProject();
    await runNestAdd(files, wanted);
    expect(files.paths().filter((path) => path.startsWith('src/oxd/'))).toEqual(created);
    const module = files.text('src/app.module.ts');
    expect(module.includes('LoginController')).toBe(wanted.login);
    expect(module.includes('OidcStrategy')).toBe(wanted.login);
    expect(module.includes('AlbumsController')).toBe(wanted.protect);
    expect(module).toContain('OxdModule.forRootAsync(oxdConfig.asProvider())');
    expect(files.text('package.json').includes('"passport"')).toBe(wanted.login);
    expect(files.text('.env.example').includes('uma_protection')).toBe(wanted.protect);
  });

  it('reads flags as text, which Nest CLI 11 passes', async () => {
    const files = nestProject();
    await runNestAdd(files, JSON.parse('{ "login": "false", "protect": "true" }') as object);
    expect(files.paths().filter((path) => path.startsWith('src/oxd/'))).toEqual(ALBUMS);
  });

  it.each([true, false])('changes nothing when it runs again (ES modules: %s)', async (isEsm) => {
    const files = nestProject({ isEsm });
    await runNestAdd(files);
    files.takeChanges();
    expect(await runNestAdd(files)).toEqual([]);
    expect(files.takeChanges()).toEqual([]);
  });

  it('keeps edits of the user when it runs again', async () => {
    const files = nestProject();
    await runNestAdd(files);
    const edited = {
      'src/oxd/login.controller.ts': '// mine\n',
      '.env.example': files.text('.env.example').replace('localhost:9400', 'op.example.com'),
      'src/app.module.ts': files
        .text('src/app.module.ts')
        .replace('ConfigModule.forRoot()', 'ConfigModule.forRoot({ isGlobal: true })'),
    };
    Object.entries(edited).forEach(([path, text]) => files.overwrite(path, text));
    files.takeChanges();
    await runNestAdd(files);
    expect(files.takeChanges()).toEqual([]);
  });

  it('serves the path of the redirect URI', async () => {
    const files = nestProject();
    await runNestAdd(files, { redirectUri: 'https://app.example.com/auth/return' });
    expect(files.text('src/oxd/login.controller.ts')).toContain("@Get('auth/return')");
    expect(files.text('src/oxd/login.controller.spec.ts')).toContain(".get('/auth/return')");
  });

  it.each([
    { name: 'a provider without scheme', opHost: 'op.example.com' },
    { name: 'a provider with a line break', opHost: 'https://op.example.com/\nX=1' },
    { name: 'a redirect URI that ends a string', redirectUri: "https://app.example.com/a'" },
    { name: 'a redirect URI with the path of the login', redirectUri: 'https://a.example/login' },
    { name: 'a redirect URI without path', redirectUri: 'https://app.example.com' },
    { name: 'an unknown transport', transport: 'tcp' as 'socket' },
    { name: 'an unknown project', project: 'shop' },
  ])('rejects $name and writes nothing', async ({ name, ...options }) => {
    expect(name).not.toBe('');
    const files = nestProject();
    await expect(async () => runNestAdd(files, options)).rejects.toThrow(Object.keys(options)[0]);
    expect(files.takeChanges()).toEqual([]);
  });

  it('rejects a malformed package.json and writes nothing', async () => {
    const files = nestProject({ files: { 'package.json': '{' } });
    await expect(runNestAdd(files)).rejects.toThrow('package.json is not a JSON object');
    expect(files.takeChanges()).toEqual([]);
  });

  it('has the defaults that schema.json shows', () => {
    const schema = JSON.parse(readFileSync(join(root, 'lib/schematics/schema.json'), 'utf8')) as {
      properties: Record<string, { default?: unknown }>;
    };
    const shown = Object.entries(schema.properties).map(([name, row]) => [name, row.default]);
    expect(Object.fromEntries(shown)).toEqual(DEFAULTS);
  });
});

describe.each([
  { cli: 11, isEsm: false, extension: '' },
  { cli: 12, isEsm: true, extension: '.js' },
])('nest add nestjs-oxd in a monorepo of Nest CLI $cli', ({ isEsm, extension }) => {
  const projects = { api: { sourceRoot: 'apps/api/src' }, shop: { sourceRoot: 'apps/shop/src' } };
  const files = {
    'nest-cli.json': JSON.stringify({ sourceRoot: 'apps/api/src', monorepo: true, projects }),
    'apps/shop/src/main.ts': entryFile(`./shop.module${extension}`, 'ShopModule'),
    'apps/shop/src/shop.module.ts':
      "import { Module } from '@nestjs/common';\n\n@Module({})\nexport class ShopModule {}\n",
    'apps/shop/test/jest-e2e.json': '{}',
  };
  const endToEnd = isEsm ? [] : ['apps/shop/test/jest-e2e.json'];

  it.each([
    { name: 'project', options: { project: 'shop' } },
    { name: 'sourceRoot, which Nest CLI passes', options: { sourceRoot: 'apps/shop/src' } },
  ])('sets up the application that $name names', async ({ options }) => {
    const project = nestProject({ isEsm, files });
    expect(await runNestAdd(project, options)).toEqual([]);
    const changes = project.takeChanges().filter((path) => path.includes('/'));
    expect(changes).toEqual([
      'apps/shop/src/oxd/albums.controller.spec.ts',
      'apps/shop/src/oxd/albums.controller.ts',
      'apps/shop/src/oxd/login.controller.spec.ts',
      'apps/shop/src/oxd/login.controller.ts',
      'apps/shop/src/shop.module.ts',
      ...endToEnd,
    ]);
  });

  it('finds a module outside the folder of the entry file', async () => {
    const { 'apps/shop/src/shop.module.ts': source, ...others } = files;
    const moved = {
      ...others,
      'apps/shop/src/main.ts': entryFile(`./core/shop.module${extension}`, 'ShopModule'),
      'apps/shop/src/core/shop.module.ts': source,
    };
    const project = nestProject({ isEsm, files: moved });
    expect(await runNestAdd(project, { project: 'shop' })).toEqual([]);
    expect(project.text('apps/shop/src/core/shop.module.ts')).toContain(
      `from '../oxd/login.controller${extension}';`,
    );
  });
});

describe('.env.example of nest add nestjs-oxd', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it.each([
    { transport: 'embedded', opHost: 'http://localhost:9400' },
    { transport: 'embedded', opHost: 'https://op.example.com' },
    { transport: 'socket', opHost: 'https://op.example.com' },
    { transport: 'https', opHost: 'https://op.example.com' },
  ] as const)('is accepted by oxdConfig for $transport and $opHost', async (options) => {
    const files = nestProject();
    await runNestAdd(files, options);
    const lines = files.text('.env.example').matchAll(/^(OXD_\w+)=(.*)$/gm);
    const variables = Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
    Object.assign(process.env, variables);
    const { site, transport } = oxdConfig() as { site: object; transport: object };
    expect(site).toMatchObject({ op_host: options.opHost });
    expect(transport).toMatchObject({ type: options.transport });
  });

  it('contains every variable that the sandbox prints', async () => {
    const files = nestProject();
    await runNestAdd(files);
    const lines = configurationLines('http://localhost:9400', 'http://localhost:3000/callback');
    const variables = lines.filter((line) => line.startsWith('OXD_'));
    expect(variables.length).toBeGreaterThan(3);
    expect(files.text('.env.example').split('\n')).toEqual(expect.arrayContaining(variables));
  });

  it('states a meaning above every variable', async () => {
    const files = nestProject();
    await runNestAdd(files, { transport: 'socket' });
    const lines = files.text('.env.example').split('\n');
    const variables = lines.filter((line) => line.startsWith('OXD_'));
    const explained = lines.filter((_, row) => /^# [^]+\.$/.test(lines[row - 1] ?? ''));
    expect(variables.length).toBeGreaterThan(6);
    expect(explained.filter((line) => line.startsWith('OXD_'))).toEqual(variables);
  });

  it('keeps the variables that the file has, and adds those that it lacks', async () => {
    const files = nestProject({
      files: { '.env.example': 'PORT=3000\nOXD_OP_HOST=https://a.example' },
    });
    await runNestAdd(files);
    const text = files.text('.env.example');
    expect(text).toMatch(/^PORT=3000\nOXD_OP_HOST=https:\/\/a\.example\n/);
    expect(text.match(/OXD_OP_HOST=/g)).toHaveLength(1);
    expect(text).toContain('OXD_SCOPE=openid,profile,email,uma_protection');
  });
});
