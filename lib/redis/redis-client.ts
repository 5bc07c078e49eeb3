/** Options of the Redis command SET. */
export interface RedisSetOptions {
  /** Lifetime; default unlimited. */
  readonly expiration?: {
    /** Unit: milliseconds. */
    readonly type: 'PX';
    /** Number of milliseconds. */
    readonly value: number;
  };
  /** Stores the value only if the key is missing. */
  readonly condition?: 'NX';
}

/** Commands that `RedisStore` sends to Redis. */
export interface RedisCommands {
  /** Returns the value of a key; null if the key is missing. */
  get(key: string): Promise<unknown>;
  /** Stores a value; returns `OK`, or null if the condition is not met. */
  set(key: string, value: string, options: RedisSetOptions): Promise<unknown>;
  /** Deletes a key; returns the number of deleted keys. */
  del(key: string): Promise<unknown>;
}

/** Options of a command: the signal withdraws a command that was not sent yet. */
export interface RedisCommandOptions {
  /** Time limit of the command. */
  readonly abortSignal: AbortSignal;
  /** Empty, so that values arrive as strings. */
  readonly typeMapping: Readonly<Record<never, never>>;
}

/** Client of node-redis: the result of `createClient()`, `createSentinel()` or `createCluster()`. */
export interface RedisClient {
  /** True if the client is connected or connects. */
  readonly isOpen: boolean;
  /** Connects. */
  connect(): Promise<unknown>;
  /** Adds a listener; an `error` event without a listener ends the process. */
  on(event: 'error', listener: () => void): unknown;
  /** Returns the commands with these options. */
  withCommandOptions(options: RedisCommandOptions): RedisCommands;
}

/** Access of one store to Redis. */
export interface RedisConnection {
  /**
   * Sends a command once the client is connected; sends nothing after the signal is aborted.
   * Rejects with the error of the client, or the reason of the signal.
   */
  use<T>(signal: AbortSignal, send: (redis: RedisCommands) => Promise<T>): Promise<T>;
  /** Closes the client if this connection created it. */
  close(): Promise<void>;
}
