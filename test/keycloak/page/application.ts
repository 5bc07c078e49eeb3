import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

const START_LIMIT = 60_000;

/** A running application of a project. */
export class Application {
  /** All that it has printed. */
  output = '';
  private readonly child: ChildProcess;

  private constructor(cwd: string, port: number, env: NodeJS.ProcessEnv) {
    const { PATH, HOME } = process.env;
    this.child = spawn(process.execPath, ['src/main.js'], {
      cwd,
      env: { PATH, HOME, NO_COLOR: '1', PORT: String(port), ...env },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => (this.output += String(chunk)));
    }
  }

  static async start(cwd: string, port: number, env: NodeJS.ProcessEnv): Promise<Application> {
    const application = new Application(cwd, port, env);
    await application.printed('Nest application successfully started');
    return application;
  }

  /** Waits until it has printed a string. */
  async printed(text: string): Promise<void> {
    for (const deadline = Date.now() + START_LIMIT; !this.output.includes(text);) {
      if (this.child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`"${text}" is not printed:\n${this.output}`);
      }
      await pause(50);
    }
  }

  async close(): Promise<void> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await closed;
  }
}
