import type { RedisClient, RedisCommands, RedisConnection } from './redis-client.js';
import { sendOn } from './redis-command.js';

/** Access through a client that belongs to the application, which reconnects and closes it. */
export class GivenConnection implements RedisConnection {
  readonly #client: RedisClient;
  #connecting?: Promise<unknown>;

  constructor(client: RedisClient) {
    this.#client = client;
    client.on('error', () => undefined);
  }

  async use<T>(signal: AbortSignal, send: (redis: RedisCommands) => Promise<T>): Promise<T> {
    await this.#opened();
    return sendOn(this.#client, signal, send);
  }

  async close(): Promise<void> {
    // The client stays open: the application closes it.
  }

  /** Connects a client that was never open. A client that the application closed stays closed. */
  async #opened(): Promise<void> {
    this.#connecting ??= this.#client.isOpen ? Promise.resolve() : this.#client.connect();
    try {
      await this.#connecting;
    } catch (error) {
      this.#connecting = undefined;
      throw error;
    }
  }
}
