import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'redis';

const MISSING = 'These tests need redis-server: apt-get update && apt-get install -y redis-server';

export type RedisTestClient = ReturnType<typeof newClient>;

/** A real Redis in its own directory; its data survives `stop` and `start`. */
export class RedisServer {
  /** Options with which `@redis/client` connects. */
  readonly client: { socket: { path: string; tls: false } };
  private process?: ChildProcess;

  private constructor(private readonly directory: string) {
    this.client = { socket: { path: join(directory, 'redis.sock'), tls: false } };
  }

  /** Makes a directory, and starts Redis in it. */
  static async start(): Promise<RedisServer> {
    const server = await RedisServer.create();
    await server.start();
    return server;
  }

  /** Makes a directory, and starts nothing yet. */
  static async create(): Promise<RedisServer> {
    return new RedisServer(await mkdtemp(join(tmpdir(), 'oxd-redis-')));
  }

  /** Starts Redis and waits until it answers; listens on its socket, and on a port if given. */
  async start(port = 0): Promise<void> {
    const options = ['--port', `${port}`, '--unixsocket', this.client.socket.path];
    const durable = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
    const started = spawn('redis-server', [...options, ...durable], {
      cwd: this.directory,
      stdio: 'ignore',
    });
    await once(started, 'spawn').catch((cause: unknown) => {
      throw new Error(MISSING, { cause });
    });
    this.process = started;
    while (!(await this.answers())) {
      if (started.exitCode !== null) throw new Error(`redis-server ended with ${started.exitCode}`);
      await pause(10);
    }
  }

  /** Ends Redis in good order (SIGTERM); connections break. */
  async stop(): Promise<void> {
    this.resume();
    await this.end('SIGTERM');
  }

  /** Halts Redis (SIGSTOP): connections stay, nothing answers. */
  pause(): void {
    this.process?.kill('SIGSTOP');
  }

  /** Resumes a halted Redis. */
  resume(): void {
    this.process?.kill('SIGCONT');
  }

  /** Lets Redis reject every write that needs memory. */
  async fill(): Promise<void> {
    const full = { 'maxmemory-policy': 'noeviction', maxmemory: '1' };
    await this.query((client) => client.configSet(full));
  }

  /** Ends the effect of {@link fill}. */
  async empty(): Promise<void> {
    await this.query((client) => client.configSet('maxmemory', '0'));
  }

  /** Sends commands on a new connection. */
  async query<T>(ask: (client: RedisTestClient) => Promise<T>): Promise<T> {
    const client = newClient(this);
    await client.connect();
    try {
      return await ask(client);
    } finally {
      client.destroy();
    }
  }

  /** Ends Redis in any state and removes its directory. */
  async close(): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const running = this.process;
    this.process = undefined;
    if (!running || running.exitCode !== null) return;
    const exit = once(running, 'exit');
    running.kill(signal);
    await exit;
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.client.socket.path, () => socket.write('PING\r\n'));
      socket.once('data', (answer) => {
        resolve(answer.toString().startsWith('+PONG'));
        socket.destroy();
      });
      socket.once('error', () => resolve(false));
    });
  }
}

function newClient({ client }: RedisServer) {
  return createClient(client);
}
