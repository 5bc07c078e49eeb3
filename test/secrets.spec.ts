import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { Browser } from './support/browser.js';
import { runJest, type FileReport } from './support/jest-process.js';
import { describeLeaks, registerSecret, secretsIn } from './support/secrets.js';
import { root } from './support/source.js';

interface JestConfig {
  readonly rootDir?: string;
  readonly testEnvironment: string;
  readonly setupFilesAfterEnv: readonly string[];
}

const secret = 'a "quoted" + sécret/value?';

describe('a registered secret', () => {
  beforeAll(() => registerSecret(secret));

  it.each([
    ['unencoded', secret],
    ['percent-encoded', encodeURIComponent(secret)],
    ['percent-encoded twice', encodeURIComponent(encodeURIComponent(secret))],
    ['percent-encoded in lower case', encodeURIComponent(secret).toLowerCase()],
    ['in JSON', JSON.stringify({ secret })],
    ['in JSON within JSON', JSON.stringify(JSON.stringify({ secret }))],
    ['in an inspected object', inspect({ list: [secret] })],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64 behind one byte', Buffer.from(`:${secret}`).toString('base64')],
    ['in base64 behind two bytes', Buffer.from(`a:${secret} and more`).toString('base64')],
    ['in base64url', Buffer.from(`<>?${secret}`).toString('base64url')],
    ['in percent-encoded base64', encodeURIComponent(Buffer.from(secret).toString('base64'))],
    ['in base64 behind a path', `/some/path/${Buffer.from(secret).toString('base64')}`],
  ])('is found %s', (_, output) => {
    expect(secretsIn(`before ${output} after`)).toEqual([secret]);
  });

  it.each([
    ['nothing', ''],
    ['half of it', secret.slice(0, -1)],
    ['half of it in base64', Buffer.from(secret.slice(0, -2)).toString('base64')],
  ])('is not found in %s', (_, output) => {
    expect(secretsIn(output)).toEqual([]);
  });

  it('is not found if it is shorter than 8 characters', () => {
    registerSecret('1234567');
    expect(secretsIn('1234567')).toEqual([]);
  });

  it('is not named in the message', () => {
    const message = describeLeaks([
      ['while "a" ran', `code=${secret}`],
      ['while "b" ran', 'nothing'],
    ]);
    expect(message).toBe(
      'This file printed registered secrets (1 × value of 26 characters):\nwhile "a" ran',
    );
  });
});

it('the browser of the tests registers the credentials of every redirect', async () => {
  const places: Readonly<Record<string, string>> = {
    '/callback': '/next?code=code-of-a-redirect&state=state-of-a-redirect&iss=issuer-of-a-redirect',
    '/fragment': 'https://app.test/#id_token=token-of-a-redirect',
    '/logout': 'https://op.test/end?id_token_hint=hint-of-a-redirect',
    '/claims': 'https://app.test/?ticket=ticket-of-a-redirect',
  };
  const server = createServer((request, response) => {
    response.writeHead(302, { location: places[request.url ?? ''] }).end();
  }).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const path of Object.keys(places)) {
    await new Browser().request(`http://localhost:${port}${path}`);
  }
  server.close();
  expect(secretsIn(JSON.stringify(places))).toEqual([
    ...['code', 'state', 'token', 'hint', 'ticket'].map((name) => `${name}-of-a-redirect`),
  ]);
});

/** A suite or a file without the hook would pass, whatever it prints. */
describe('the hook for secrets', () => {
  const configurations = filesBelow('.').filter((file) => /(^|\/)jest\.config\.\w+$/.test(file));

  it('is tested for every suite', () => {
    expect(configurations.sort()).toEqual([
      'jest.config.js',
      ...['browser', 'keycloak', 'pack', 'redis', 'watch'].map(
        (name) => `test/${name}/jest.config.js`,
      ),
    ]);
  });

  it.each(configurations)('is in %s', async (path) => {
    const { default: config } = (await import(join(root, path))) as { default: JestConfig };
    const rootDir = resolve(root, dirname(path), config.rootDir ?? '.');
    const file = (name: string): string => name.replace('<rootDir>', rootDir);
    const support = join(root, 'test/support');
    expect(file(config.testEnvironment)).toBe(join(support, 'secrets.environment.js'));
    expect(config.setupFilesAfterEnv.map(file)).toContain(join(support, 'secrets.hook.ts'));
  });

  it('is not bypassed by a test file with a custom environment', () => {
    const files = filesBelow('test').filter((file) => file.endsWith('.ts'));
    const own = files.filter((file) => /^ \* @jest-(environment|config)/m.test(text(file)));
    expect(own).toEqual([]);
    expect(files.length).toBeGreaterThan(50);
  });
});

describe('a test file', () => {
  let files: Map<string, FileReport>;
  let printed: string;

  /** Runs Jest on `support/leaks`, whose files are no tests of the suite. */
  beforeAll(async () => {
    const { printed: output, report } = await runJest('--testMatch', '**/leaks/*.fixture.ts');
    printed = output;
    files = new Map(
      report.testResults.map((file) => [/([\w-]+)\.fixture/.exec(file.name)?.[1] ?? '', file]),
    );
  }, 60_000);

  it.each([
    ['stdout', '1 × value of 14 characters', 'while "writes a code to stdout in two pieces" ran'],
    ['console', '1 × JWT of 24 characters', 'by console.log at'],
    ['nest-logger', '1 × value of 25 characters', 'while "logs an error whose cause'],
    ['after-all', '1 × value of 16 characters', 'by console.warn at'],
    ['hidden', '1 × value of 17 characters', 'by console.warn at'],
    ['hidden', '1 × value of 16 characters', 'while "hides a secret'],
  ])('that leaks through %s fails and reports kind and place', (name, kind, where) => {
    const file = files.get(name);
    expect(file?.status).toBe('failed');
    expect(file?.message).toContain(kind);
    expect(file?.message).toContain(where);
    expect(file?.message).not.toMatch(
      /code-on-stdout|Jub25lIn0.e30|in-a-header|state.of|secret-(of|to)/,
    );
  });

  it('that leaks no secret passes', () => {
    expect(files.get('clean')).toMatchObject({ status: 'passed', message: '' });
    expect(files.size).toBe(6);
  });

  it('is reported by Jest as usual, without the notices of oidc-provider', () => {
    expect(printed).toContain('nothing to hide');
    expect(printed).toContain('clean.fixture.ts:6');
    expect(printed).not.toContain('noise');
  });
});

/** Returns the files of a folder as paths below the root of the repository. */
function filesBelow(folder: string): string[] {
  const own = readdirSync(join(root, folder), { withFileTypes: true }).filter(
    ({ name }) => !['node_modules', 'dist', '.git'].includes(name),
  );
  return own.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

function text(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
