import { nestProject, runNestAdd, APP_MODULE } from '../support/nest-project.js';

const IMPORT = "import { Module } from '@nestjs/common';\n";

describe('nest add nestjs-oxd leaves a module file unchanged and names the lines to add', () => {
  it.each([
    { name: 'that re-exports the module', source: "export { AppModule } from './core.js';\n" },
    {
      name: 'whose list is a constant',
      source: `${IMPORT}const shared = [];\n@Module({ imports: shared })\nexport class AppModule {}\n`,
    },
    {
      name: 'whose metadata is a constant',
      source: `${IMPORT}const metadata = {};\n@Module(metadata)\nexport class AppModule {}\n`,
    },
    {
      name: 'whose metadata has a spread',
      source: `${IMPORT}const base = {};\n@Module({ ...base })\nexport class AppModule {}\n`,
    },
    {
      name: 'that has another module before it',
      source: `${IMPORT}@Module({})\nexport class First {}\n@Module({})\nexport class AppModule {}\n`,
    },
    {
      name: 'whose LoginController comes from elsewhere',
      source: `${IMPORT}import { LoginController } from './mine.js';\n@Module({})\nexport class AppModule { login = LoginController; }\n`,
    },
    {
      name: 'that declares its own OxdModule',
      source: `${IMPORT}class OxdModule {}\n@Module({})\nexport class AppModule { oxd = OxdModule; }\n`,
    },
    {
      name: 'with an import in a comment',
      source: `${IMPORT}/*\nimport { A } from 'a';\n*/\n@Module({})\nexport class AppModule {}\n`,
    },
  ])('$name', async ({ source }) => {
    const files = nestProject({ files: { 'src/app.module.ts': source } });
    const [warning = '', ...others] = await runNestAdd(files);
    expect(others).toEqual([]);
    expect(files.text('src/app.module.ts')).toBe(source);
    expect(warning).toContain('src/app.module.ts is missing or cannot be edited safely');
    expect(warning).toContain("  import { OxdModule } from 'nestjs-oxd';\n");
    expect(warning).toContain('OxdModule.forRootAsync(oxdConfig.asProvider())],\n');
    expect(warning).toContain('  controllers: [LoginController, AlbumsController],\n');
    expect(warning).toContain('  providers: [OidcStrategy],');
  });

  it('that does not exist', async () => {
    const files = nestProject();
    const [warning = ''] = await runNestAdd(files, { module: 'src/missing.module.ts' });
    expect(warning).toContain('src/missing.module.ts is missing or cannot be edited safely');
    expect(files.paths()).not.toContain('src/missing.module.ts');
  });
});

describe('nest add nestjs-oxd edits a module file', () => {
  it.each([
    { name: 'with an empty @Module()', metadata: '{}' },
    { name: 'with a spread in the list', metadata: '{ imports: [...shared] }' },
    { name: 'with quoted names', metadata: "{ 'imports': [Other] }" },
    { name: 'with a trailing comma', metadata: '{\n  imports: [\n    Other,\n  ],\n}' },
  ])('$name', async ({ metadata }) => {
    const head = `${IMPORT}const shared = [];\nclass Other {}\nexport const all = [shared, Other];\n`;
    const source = `${head}@Module(${metadata})\nexport class AppModule {}\n`;
    const files = nestProject({ files: { 'src/app.module.ts': source } });
    expect(await runNestAdd(files)).toEqual([]);
    const text = files.text('src/app.module.ts');
    expect(text).toContain('OxdModule.forRootAsync(oxdConfig.asProvider())');
    for (const own of metadata.match(/\.\.\.shared|Other/g) ?? []) expect(text).toContain(own);
    expect(await runNestAdd(files)).toEqual([]);
    expect(files.text('src/app.module.ts')).toBe(text);
  });

  it('and keeps the OxdModule that it has', async () => {
    const source = APP_MODULE.replace('imports: []', 'imports: [oxd]').replace(
      '\n@Module',
      "import { OxdModule } from 'nestjs-oxd';\n\nconst oxd = OxdModule.forRoot({});\n\n@Module",
    );
    const files = nestProject({ files: { 'src/app.module.ts': source } });
    expect(await runNestAdd(files)).toEqual([]);
    expect(files.text('src/app.module.ts')).not.toContain('forRootAsync');
    expect(files.text('src/app.module.ts')).toContain('LoginController');
  });
});

describe('package.json after nest add nestjs-oxd', () => {
  it.each([
    { isEsm: true, config: '^12.0.0' },
    { isEsm: false, config: '^4.0.0' },
  ])('has the packages of the generated code (ES modules: $isEsm)', async ({ isEsm, config }) => {
    const files = nestProject({ isEsm });
    await runNestAdd(files);
    const { dependencies, devDependencies } = manifestOf(files.text('package.json'));
    expect(dependencies).toMatchObject({ '@nestjs/config': config, passport: '^0.7.0' });
    expect(Object.keys(dependencies)).toEqual(Object.keys(dependencies).toSorted());
    expect(devDependencies).toHaveProperty('@types/passport');
    expect(devDependencies).toHaveProperty('oidc-provider');
  });

  it('lacks oidc-provider, which the sandbox needs, with another provider', async () => {
    const files = nestProject();
    await runNestAdd(files, { opHost: 'https://op.example.com' });
    expect(files.text('package.json')).not.toContain('oidc-provider');
  });

  it('keeps ranges of the user, indentation and the end of the file', async () => {
    const text =
      '{\n\t"type": "module",\n\t"dependencies": {\n\t\t"passport": "0.7.0",\n\t\t"@nestjs/config": "4.0.2"\n\t}\n}';
    const files = nestProject({ files: { 'package.json': text } });
    await runNestAdd(files);
    const { dependencies } = manifestOf(files.text('package.json'));
    expect(dependencies).toMatchObject({ passport: '0.7.0', '@nestjs/config': '4.0.2' });
    expect(files.text('package.json')).toMatch(/^\{\n\t"type": "module",\n[^]+\}$/);
  });

  it('makes Jest compile the package in a CommonJS project', async () => {
    const endToEnd = { 'test/jest-e2e.json': '{ "rootDir": "." }' };
    const files = nestProject({ isEsm: false, files: endToEnd });
    await runNestAdd(files);
    const pattern = '/node_modules/(?!(nestjs-oxd|';
    const { jest } = manifestOf(files.text('package.json'));
    expect(jest).toMatchObject({
      rootDir: 'src',
      transformIgnorePatterns: [expect.stringContaining(pattern)],
    });
    expect(files.text('test/jest-e2e.json')).toContain(pattern);
  });

  it('leaves the Jest of Nest CLI 12 unchanged in a CommonJS project', async () => {
    const test = 'node --experimental-vm-modules ./node_modules/jest/bin/jest.js';
    const jest = {
      'jest.config.ts': 'export default {};',
      'test/jest-e2e.json': '{ "rootDir": "." }',
    };
    const manifest = { 'package.json': JSON.stringify({ scripts: { test } }) };
    const files = nestProject({ isEsm: false, files: { ...jest, ...manifest } });
    expect(await runNestAdd(files)).toEqual([]);
    expect(files.text('jest.config.ts')).toBe(jest['jest.config.ts']);
    expect(files.text('test/jest-e2e.json')).toBe(jest['test/jest-e2e.json']);
  });

  it('leaves Jest alone in an ES module project', async () => {
    const files = nestProject();
    await runNestAdd(files);
    expect(files.text('package.json')).not.toContain('transformIgnorePatterns');
  });

  it.each([
    {
      name: 'package.json with other patterns',
      path: 'package.json',
      text: '{ "jest": { "transformIgnorePatterns": ["/mine/"] } }',
    },
    { name: 'a configuration in code', path: 'jest.config.js', text: 'module.exports = {};' },
  ])('names the line to add to $name', async ({ path, text }) => {
    const files = nestProject({ isEsm: false, files: { [path]: text } });
    const [warning = '', ...others] = await runNestAdd(files);
    expect(others).toEqual([]);
    expect(warning).toContain(`${path} was not changed.`);
    expect(warning).toContain('"transformIgnorePatterns": ["/node_modules/(?!(nestjs-oxd|');
  });
});

describe('other files after nest add nestjs-oxd', () => {
  it.each([
    { name: 'without the file', former: undefined, expected: /^# .+\n\.oxd\n\.env\n$/ },
    { name: 'with other lines', former: 'dist', expected: /^dist\n\n# .+\n\.oxd\n\.env\n$/ },
    { name: 'with one of the lines', former: '/.env\n', expected: /^\/\.env\n\n# .+\n\.oxd\n$/ },
    { name: 'with both lines', former: '.oxd/\n.env\n', expected: /^\.oxd\/\n\.env\n$/ },
  ])('.gitignore hides client and secrets $name', async ({ former, expected }) => {
    const files = nestProject({ files: former === undefined ? {} : { '.gitignore': former } });
    await runNestAdd(files);
    expect(files.text('.gitignore')).toMatch(expected);
  });

  it('warns about a tsconfig.json that cannot load ES modules', async () => {
    const files = nestProject({
      isEsm: false,
      files: { 'tsconfig.json': '{ "compilerOptions": { "module": "commonjs" } }' },
    });
    const [warning = ''] = await runNestAdd(files);
    expect(warning).toContain('"module": "nodenext"');
  });
});

function manifestOf(text: string) {
  return JSON.parse(text) as Record<'dependencies' | 'devDependencies' | 'jest', object>;
}
