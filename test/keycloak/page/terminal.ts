import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';

const END = '--- end of the commands ---';

/** A shell that runs the commands of a page one after the other, as a user types them. */
export class Terminal {
  private readonly shell: ChildProcessWithoutNullStreams;
  private readonly closed: Promise<unknown>;
  private output = '';

  constructor(cwd: string) {
    const { PATH, HOME } = process.env;
    this.shell = spawn('bash', ['--noprofile', '--norc'], { cwd, env: { PATH, HOME } });
    for (const stream of [this.shell.stdout, this.shell.stderr]) {
      stream.on('data', (chunk) => (this.output += String(chunk)));
    }
    this.closed = once(this.shell, 'close');
    this.shell.stdin.write('set -euo pipefail\n');
  }

  /**
   * Runs commands. @returns what they print, without carriage returns and the blanks at the ends
   *
   * @throws if one of them fails
   */
  async run(commands: string): Promise<string> {
    this.output = '';
    this.shell.stdin.write(`${commands}\necho '${END}'\n`);
    while (!this.output.includes(END)) {
      await Promise.race([once(this.shell.stdout, 'data'), this.closed]);
      if (this.shell.exitCode !== null) throw new Error(`The commands failed:\n${this.output}`);
    }
    return this.output.replace(END, '').replaceAll('\r', '').trim();
  }

  async close(): Promise<void> {
    this.shell.stdin.end();
    await this.closed;
  }
}
