import { executeCommand } from './commands.js';
import type { ServerContext } from './context.js';
import { CommandFailure, unexpected } from './reply.js';
import { commandOf, readParams, type WireRequest } from './request.js';
import { registerFailureSecrets, registerSecrets } from './secrets.js';

/** Outcome of a command: the data of its reply, or its failure. */
export type Outcome = { readonly data: object } | { readonly failure: CommandFailure };

/** Observers of commands and replies, for tests. */
export interface RunnerCallbacks {
  readonly onSecret?: (value: string) => void;
  readonly onCommand?: (command: string) => void;
}

/** Executes commands as received, the same over every connection. */
export class CommandRunner {
  constructor(
    private readonly context: ServerContext,
    private readonly callbacks: RunnerCallbacks,
  ) {}

  /** Executes a command; its name is the one on the wire. Never rejects. */
  async run(request: WireRequest): Promise<Outcome> {
    const { onCommand, onSecret } = this.callbacks;
    onCommand?.(String(request.command));
    try {
      const data = await this.execute(request);
      registerSecrets(data, onSecret);
      return { data };
    } catch (error) {
      const failure = error instanceof CommandFailure ? error : unexpected();
      registerFailureSecrets(failure, onSecret);
      return { failure };
    }
  }

  private async execute({ command: name, params }: WireRequest): Promise<object> {
    const { release } = this.context.options;
    const command = commandOf(release, name);
    return executeCommand(this.context, command, readParams(release, command, params));
  }
}
