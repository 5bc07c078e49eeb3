import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { registerSecret } from '../support/secrets.js';

const CLOCK = resolve('test/browser/clock.mjs');

type Variables = Readonly<Record<string, string>>;

/** A sample as a user starts it: a process with an environment. */
export class SampleApp {
  /** All that it has printed. */
  output = '';

  private constructor(
    readonly origin: string,
    private readonly folder: string,
    private readonly process: ChildProcess,
  ) {
    process.stdout?.on('data', (chunk) => (this.output += String(chunk)));
    process.stderr?.on('data', (chunk) => (this.output += String(chunk)));
  }

  /** @param environment variables that configure provider and transport, or a function of the origin */
  static async start(
    environment: Variables | ((origin: string) => Variables),
    sample = '01-login',
  ): Promise<SampleApp> {
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const folder = await mkdtemp(join(tmpdir(), 'oxd-sample-'));
    const secrets = {
      OXD_SECRET: randomBytes(32).toString('base64url'),
      SESSION_SECRET: randomBytes(32).toString('base64url'),
    };
    Object.values(secrets).forEach(registerSecret);
    const main = resolve('sample', sample, 'dist/main.js');
    const child = spawn(process.execPath, ['--import', CLOCK, main], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        OXD_AUTHORIZATION_REDIRECT_URI: `${origin}/callback`,
        OXD_POST_LOGOUT_REDIRECT_URI: `${origin}/`,
        OXD_GRANT_TYPES: 'authorization_code refresh_token',
        OXD_SCOPE: 'openid profile email',
        ...secrets,
        ...(typeof environment === 'function' ? environment(origin) : environment),
      },
    });
    const app = new SampleApp(origin, folder, child);
    await app.printed('in a browser.');
    return app;
  }

  /** Sets its clock ahead of the time. */
  async setAhead(milliseconds: number): Promise<void> {
    this.process.send(milliseconds);
    await once(this.process, 'message');
  }

  /** Ends it as Ctrl-C does. */
  async close(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGINT');
    await exited;
    await rm(this.folder, { recursive: true });
  }

  private async printed(text: string): Promise<void> {
    const exited = once(this.process, 'exit').then(() => {
      throw new Error(`The sample ended at its start:\n${this.output}`);
    });
    exited.catch(() => undefined);
    while (!this.output.includes(text)) {
      await Promise.race([exited, once(this.process.stdout ?? this.process, 'data')]);
    }
  }
}

/** Returns an unused port. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
