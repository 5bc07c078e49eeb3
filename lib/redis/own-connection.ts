import { createClient, type RedisClientOptions } from 'redis';
import type { RedisCommands, RedisConnection } from './redis-client.js';
import { replyCode, sendOn } from './redis-command.js';

type OwnClient = ReturnType<typeof newClient>;

/** Limit of node-redis for the start of a connection, in milliseconds. */
const CONNECT_TIMEOUT = 5_000;

/**
 * Access through an own client, which connects at the first use. A broken connection is
 * replaced at the next use by a new client, which looks up the address again.
 */
export class OwnConnection implements RedisConnection {
  readonly #options: RedisClientOptions;
  /** Time limit of a new connection including its first commands, in milliseconds. */
  readonly #limit: number;
  #client?: OwnClient;
  #connecting?: Promise<OwnClient>;

  /** @param timeout time limit of the first commands on a new connection, in milliseconds */
  constructor(options: RedisClientOptions, timeout: number) {
    this.#options = options;
    this.#limit = (options.socket?.connectTimeout ?? CONNECT_TIMEOUT) + timeout;
  }

  async use<T>(signal: AbortSignal, send: (redis: RedisCommands) => Promise<T>): Promise<T> {
    const client = await this.#ready();
    // Not within the try block: the connection works, although it was too slow for this caller.
    signal.throwIfAborted();
    try {
      return await sendOn(client, signal, send);
    } catch (error) {
      // A silent connection may be dead, and a replica may have been the primary before a failover.
      if (signal.aborted || replyCode(error) === 'READONLY') destroy(client);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#connecting?.catch(() => undefined);
    if (this.#client) destroy(this.#client);
  }

  async #ready(): Promise<OwnClient> {
    if (this.#client?.isReady) return this.#client;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<OwnClient> {
    const client = newClient(this.#options);
    const timer = setTimeout(() => destroy(client), this.#limit);
    try {
      await client.connect();
      this.#client = client;
      return client;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Creates a client that neither reconnects nor queues: no command is sent after it was rejected. */
function newClient(options: RedisClientOptions) {
  const client = createClient({
    ...options,
    disableOfflineQueue: true,
    socket: { ...options.socket, reconnectStrategy: false } as RedisClientOptions['socket'],
  });
  client.on('error', () => undefined);
  return client;
}

function destroy(client: OwnClient): void {
  if (client.isOpen) client.destroy();
}
