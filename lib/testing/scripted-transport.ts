import type { CommandName, Params, Result } from '../commands/command.js';
import { OxdCommandError } from '../base/errors.js';
import { type ExecuteOptions, OxdTransport } from '../commands/oxd-transport.js';

/** What a {@link ScriptedTransport} answers: a result, an error to raise, or a function for it. */
export type ScriptedReply<C extends CommandName> =
  Result<C> | Error | ((params: Params<C>) => Result<C> | Promise<Result<C>>);

/** Replies by command. */
export type ScriptedReplies = { readonly [C in CommandName]?: ScriptedReply<C> };

/** A command that a {@link ScriptedTransport} was given. */
export interface ScriptedCall {
  /** Its name. */
  readonly command: string;
  /** Its params, `oxd_id` included. */
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * A transport for tests that answers from memory. Give `site.oxd_id` in the options, or a reply
 * to `register_site`.
 *
 * ```ts
 * const transport = new ScriptedTransport({ get_user_info: { claims: { sub: 'alice' } } });
 * OxdModule.forRoot({ site, transport });
 * ```
 */
export class ScriptedTransport extends OxdTransport {
  /** Every command so far, in order. */
  readonly calls: ScriptedCall[] = [];
  private readonly replies = new Map<string, unknown>();

  constructor(replies: ScriptedReplies = {}) {
    super();
    this.script(replies);
  }

  /** Adds replies, or replaces those of the same commands. */
  script(replies: ScriptedReplies): void {
    for (const [command, reply] of Object.entries(replies)) this.replies.set(command, reply);
  }

  /**
   * Answers as scripted.
   *
   * @throws {OxdCommandError} OXD_COMMAND_UNSUPPORTED when nothing is scripted for this command
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
