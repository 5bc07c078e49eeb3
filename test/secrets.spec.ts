import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describeLeaks, registerSecret, secretsIn } from './support/secrets.js';

const secret = 'a "quoted" + sécret/value?';

describe('a registered secret', () => {
  beforeAll(() => registerSecret(secret));

  it.each([
    ['as it is', secret],
    ['percent-encoded', encodeURIComponent(secret)],
    ['percent-encoded twice', encodeURIComponent(encodeURIComponent(secret))],
    ['percent-encoded in small letters', encodeURIComponent(secret).toLowerCase()],
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

describe('a test file', () => {
  interface FileResult {
    readonly name: string;
    readonly status: string;
    readonly message: string;
  }
  let files: Map<string, FileResult>;
  let printed: string;

  /** Jest on `support/leaks`, whose files are no tests of the suite. */
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'oxd-leaks-'));
    const report = join(folder, 'report.json');
    printed = await jestOutput(['--testMatch', '**/leaks/*.fixture.ts', '--outputFile', report]);
    const { testResults } = JSON.parse(await readFile(report, 'utf8')) as {
      testResults: FileResult[];
    };
    files = new Map(
      testResults.map((file) => [/([\w-]+)\.fixture/.exec(file.name)?.[1] ?? '', file]),
    );
    await rm(folder, { recursive: true });
  }, 60_000);

  it.each([
    ['stdout', '1 × value of 14 characters', 'while "writes a code to stdout in two pieces" ran'],
    ['console', '1 × JWT of 24 characters', 'by console.log at'],
    ['nest-logger', '1 × value of 25 characters', 'while "logs an error whose cause'],
    ['after-all', '1 × value of 16 characters', 'by console.warn at'],
  ])('that leaks through %s fails and says what and where', (name, kind, where) => {
    const file = files.get(name);
    expect(file?.status).toBe('failed');
    expect(file?.message).toContain(`(${kind})`);
    expect(file?.message).toContain(where);
    expect(file?.message).not.toMatch(/code-on-stdout|Jub25lIn0.e30|in-a-header|state.of/);
  });

  it('that leaks nothing passes', () => {
    expect(files.get('clean')).toMatchObject({ status: 'passed', message: '' });
    expect(files.size).toBe(5);
  });

  it('is reported by Jest as ever, without the noise of oidc-provider', () => {
    expect(printed).toContain('nothing to hide');
    expect(printed).toContain('clean.fixture.ts:6');
    expect(printed).not.toContain('noise');
  });
});

function jestOutput(args: readonly string[]): Promise<string> {
  const jest = join(import.meta.dirname, '../node_modules/jest/bin/jest.js');
  const command = ['--experimental-vm-modules', jest, '--json', '--coverage=false', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, (_, stdout, stderr) => resolve(stdout + stderr));
  });
}
