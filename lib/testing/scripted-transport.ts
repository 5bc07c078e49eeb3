import type { CommandName, Params, Result } from '../commands/command.js';
import { OxdCommandError } from '../base/errors.js';
import { type ExecuteOptions, OxdTransport } from '../commands/oxd-transport.js';

/**
 * Reply of a {@link ScriptedTransport} to one command: a result, an error to throw, or a function
 * of the parameters that returns a result or throws.
 */
export type ScriptedReply<C extends CommandName> =
  Result<C> | Error | ((params: Params<C>) => Result<C> | Promise<Result<C>>);

/** Replies by command. */
export type ScriptedReplies = { readonly [C in CommandName]?: ScriptedReply<C> };

/** A command that a {@link ScriptedTransport} received. */
export interface ScriptedCall {
  /** Name of the command. */
  readonly command: string;
  /** Copy of the parameters, `oxd_id` included. */
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * Transport for tests that replies from memory, without a network. Set `site.oxd_id` in the options
 * of the module, or script a reply to `register_site`.
 *
 * ```ts
 * const transport = new ScriptedTransport({ get_user_info: { claims: { sub: 'alice' } } });
 * OxdModule.forRoot({ site, transport });
 * ```
 */
export class ScriptedTransport extends OxdTransport {
  /** Every command received so far, in order; unscripted commands included. */
  readonly calls: ScriptedCall[] = [];
  private readonly replies = new Map<string, unknown>();

  /** @param replies replies by command name; default none */
  constructor(replies: ScriptedReplies = {}) {
    super();
    this.script(replies);
  }

  /** Adds replies; a reply to an already scripted command replaces the old reply. */
  script(replies: ScriptedReplies): void {
    for (const [command, reply] of Object.entries(replies)) this.replies.set(command, reply);
  }

  /**
   * Records the command and returns a copy of the scripted result.
   *
   * @throws {OxdCommandError} OXD_COMMAND_UNSUPPORTED when the command has no scripted reply
   * @throws the scripted error, or the reason of the signal when it is aborted
   */
  override async execute(
    command: string,
    params: Readonly<Record<string, unknown>>,
    { signal }: ExecuteOptions = {},
  ): Promise<unknown> {
    signal?.throwIfAborted();
    this.calls.push({ command, params: structuredClone(params) });
    if (!this.replies.has(command)) throw unscripted(command);
    const reply = this.replies.get(command);
    if (reply instanceof Error) throw reply;
    return structuredClone(typeof reply === 'function' ? await reply(params) : reply);
  }

  /** Does nothing: there is no connection to close. */
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

function unscripted(command: string): OxdCommandError {
  return new OxdCommandError(
    `ScriptedTransport has no reply to ${command}. Script one: script({ ${command}: … }).`,
    { error: 'unsupported_operation' },
    { code: 'OXD_COMMAND_UNSUPPORTED', command },
  );
}
