import { OxdStoreError } from '../base/errors.js';
import { untilAborted } from '../base/until-aborted.js';
import type { RedisClient, RedisCommands } from './redis-client.js';

/** Sends a command, unless the signal is aborted; the client withdraws it when that happens. */
export function sendOn<T>(
  client: RedisClient,
  signal: AbortSignal,
  send: (redis: RedisCommands) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const commands = client.withCommandOptions({ abortSignal: signal, typeMapping: {} });
  return untilAborted(signal, send(commands));
}

/**
 * Converts an error of the client. Only its code is used: the messages of Redis may quote keys and
 * values.
 */
export function toStoreError(error: unknown): OxdStoreError {
  if (error instanceof OxdStoreError) return error;
  const code = replyCode(error);
  return new OxdStoreError(
    code === undefined
      ? `Redis is unavailable (${failureOf(error)}).`
      : `Redis rejected a command (${code}).`,
  );
}

/** Returns the code at the start of an error response of Redis, such as `OOM` or `READONLY`. */
export function replyCode(error: unknown): string | undefined {
  const { message } = Object(error) as Partial<Error>;
  return /^[A-Z]{3,}(?= )/.exec(String(message))?.[0];
}

/** Returns the code of a system error, else the class of an error of the client. */
function failureOf(error: unknown): string {
  const { code } = Object(error) as NodeJS.ErrnoException;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.constructor.name : 'unknown reason';
}
