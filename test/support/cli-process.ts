import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A process that runs the command `nestjs-oxd`. */
export class CliProcess {
  stdout = '';
  stderr = '';
  /** Exit code; null after a signal. */
  readonly exit: Promise<number | null>;
  private readonly child: ChildProcess;

  /**
   * @param path compiled file of the command
   * @param args its arguments
   * @param options working directory and further environment variables
   */
  constructor(
    path: string,
    args: readonly string[],
    { cwd, env = {} }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
  ) {
    const environment = { PATH: process.env.PATH, ...env };
    this.child = spawn(process.execPath, [path, ...args], { cwd, env: environment });
    this.child.stdout?.on('data', (chunk) => (this.stdout += String(chunk)));
    this.child.stderr?.on('data', (chunk) => (this.stderr += String(chunk)));
    this.exit = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** Waits until the sandbox runs. @returns the variables that the command printed */
  async variables(): Promise<Record<string, string>> {
    const ended = this.exit.then(() => {
      throw new Error(`The command ended:\n${this.stdout}${this.stderr}`);
    });
    ended.catch(() => undefined);
    while (!this.stdout.includes('forRootAsync')) {
      await Promise.race([ended, once(this.child.stdout ?? this.child, 'data')]);
    }
    const lines = this.stdout.matchAll(/^(OXD_\w+)=(.*)$/gm);
    return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
  }

  /** Ends the process with a signal. @returns its exit code */
  stop(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.exit;
  }
}
