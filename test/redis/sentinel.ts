import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'redis';
import { freePort } from '../support/app.js';
import { RedisServer } from './redis-server.js';

/** A primary, its replica, and a Sentinel that promotes the replica when the primary ends. */
export class Sentinel {
  readonly name = 'primary';

  private constructor(
    private readonly servers: readonly [RedisServer, RedisServer],
    private readonly directory: string,
    private readonly process: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(): Promise<Sentinel> {
    const ports = [await freePort(), await freePort(), await freePort()] as const;
    const servers = [await RedisServer.create(), await RedisServer.create()] as const;
    await servers[0].start(ports[0]);
    await servers[1].start(ports[1]);
    await servers[1].query((client) => client.replicaOf('127.0.0.1', ports[0]));
    const directory = await mkdtemp(join(tmpdir(), 'oxd-sentinel-'));
    const configuration = join(directory, 'sentinel.conf');
    await writeFile(configuration, configurationOf(ports[2], ports[0]));
    const started = spawn('redis-server', [configuration, '--sentinel'], { stdio: 'ignore' });
    const sentinel = new Sentinel(servers, directory, started, ports[2]);
    await sentinel.knowsReplica();
    return sentinel;
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.port };
  }

  /** Waits until the replica has every value. */
  async replicated(): Promise<void> {
    await this.servers[0].query((client) => client.wait(1, 0));
  }

  async stopPrimary(): Promise<void> {
    await this.servers[0].close();
  }

  async close(): Promise<void> {
    const exit = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exit;
    for (const server of this.servers) await server.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Waits until the Sentinel could promote the replica. */
  private async knowsReplica(): Promise<void> {
    const ready = /slaves=1,/;
    while (!ready.test(await this.info().catch(() => ''))) await pause(50);
  }

  private async info(): Promise<string> {
    const socket = { ...this.address, reconnectStrategy: false } as const;
    const client = createClient({ socket, disableClientInfo: true });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return String(await client.info('sentinel'));
    } finally {
      client.destroy();
    }
  }
}

function configurationOf(port: number, primary: number): string {
  return `port ${port}
bind 127.0.0.1
sentinel monitor primary 127.0.0.1 ${primary} 1
sentinel down-after-milliseconds primary 300
sentinel failover-timeout primary 2000
`;
}
