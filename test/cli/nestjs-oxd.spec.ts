import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliProcess } from '../support/cli-process.js';
import { compileLib, type CompiledLib } from '../support/compiled-lib.js';
import { root } from '../support/source.js';

describe('nestjs-oxd', () => {
  let command: CompiledLib;

  beforeAll(async () => {
    command = await compileLib('cli/nestjs-oxd.ts');
  });

  afterAll(() => command.remove());

  /** Output and exit code of a command that ends. */
  async function run(...args: readonly string[]) {
    const child = new CliProcess(command.path, args, { cwd: tmpdir() });
    const code = await child.exit;
    return { code, stdout: child.stdout, stderr: child.stderr };
  }

  it.each(['--help', '-h', 'sandbox --help'])('prints its usage for %s', async (line) => {
    const { code, stdout, stderr } = await run(...line.split(' '));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Usage: nestjs-oxd sandbox [options]');
  });

  it('has the options that docs/sandbox.md lists', async () => {
    const page = await readFile(join(root, 'docs/sandbox.md'), 'utf8');
    const listed = page.match(/^\| `--[\w-]+ <[\w.]+>`/gm)?.map((cell) => cell.slice(3, -1));
    expect(listed).toEqual((await run('--help')).stdout.match(/--[\w-]+ <[\w.]+>/g));
    expect(listed).toHaveLength(6);
  });

  it('prints the version of the package', async () => {
    const manifest = await readFile(join(root, 'package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    expect(await run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    { name: 'no command', args: [], problem: 'The command is missing' },
    { name: 'an unknown command', args: ['serve'], problem: "Unknown command 'serve'" },
    {
      name: 'a further argument',
      args: ['sandbox', '9400'],
      problem: "Unexpected argument '9400'",
    },
    { name: 'an unknown option', args: ['sandbox', '--prot'], problem: "Unknown option '--prot'" },
    {
      name: 'an option without its value',
      args: ['sandbox', '--port'],
      problem: "Option '--port <value>' argument missing",
    },
    { name: 'a port of letters', args: ['sandbox', '--port', 'http'], problem: '--port: must be' },
    { name: 'a port too high', args: ['sandbox', '--port=65536'], problem: '--port: must be' },
    ...[
      'localhost:3000/callback',
      '/callback',
      'http://',
      'http://localhost/#a',
      'http://a/ b',
    ].map((uri) => ({
      name: `the redirect URI ${uri}`,
      args: ['sandbox', '--redirect-uri', uri],
      problem: '--redirect-uri: must be a URL such as http://localhost:3000/callback',
    })),
  ])('rejects $name with exit code 2', async ({ args, problem }) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const [first = ''] = stderr.split('\n');
    expect(first.startsWith(problem)).toBe(true);
    expect(stderr).toContain('Usage: nestjs-oxd sandbox [options]');
  });
});
