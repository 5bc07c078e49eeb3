import { MonotonicClock, type OxdClock } from '../base/clock.js';
import { endOf } from '../base/call-end.js';
import type { SocketTransportOptions } from '../options/oxd.options.js';
import { ConnectionPool } from './connection-pool.js';
import { encodeRequest, readReply } from '../commands/envelope.js';
import { encodeFrame } from './frame.js';
import { isRepeatable } from '../commands/repeatable-commands.js';
import { withoutSentParams } from '../commands/sent-params.js';
import { type ExecuteOptions, OxdTransport } from '../commands/oxd-transport.js';

/**
 * Transport to an oxd-server 3.1.x: sends commands in TCP frames over a pool of connections.
 *
 * @see oxd 3.1, socket protocol
 */
export class SocketTransport extends OxdTransport {
  override readonly version: Required<SocketTransportOptions>['version'];
  /** `#` instead of `private`, because waiting commands contain secrets. */
  readonly #pool: ConnectionPool;

  /** @param clock clock of every time limit */
  constructor(options: Required<SocketTransportOptions>, clock: OxdClock = new MonotonicClock()) {
    super();
    this.version = options.version;
    this.#pool = new ConnectionPool({ ...options, clock });
  }

  override execute(
    command: string,
    params: Readonly<Record<string, unknown>>,
    options?: ExecuteOptions,
  ): Promise<unknown> {
    try {
      return this.#pool.exchange({
        command,
        frame: encodeFrame(encodeRequest(command, params), command),
        repeatable: isRepeatable(command),
        read: (reply) => readReplyWithoutSecrets({ command, params }, reply),
        signal: endOf(options),
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  override close(): Promise<void> {
    return this.#pool.close();
  }
}

/** Reads a reply; removes the secrets of the command from an error. */
function readReplyWithoutSecrets(
  { command, params }: { command: string; params: Readonly<Record<string, unknown>> },
  reply: string,
): unknown {
  try {
    return readReply(command, reply);
  } catch (error) {
    throw withoutSentParams(error, params);
  }
}
