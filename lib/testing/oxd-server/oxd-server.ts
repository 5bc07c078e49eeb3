import { EmbeddedTransport } from '../../embedded/embedded.transport.js';
import { MemoryStore, type OxdStore } from '../../store/oxd-store.js';
import type { FrameAnswer, FrameDelivery } from '../frames/frame-answer.js';
import { FrameServer } from '../frames/frame-server.js';
import { AuthorizationServers } from './authorization-servers.js';
import { executeCommand } from './commands.js';
import { ServerContext } from './context.js';
import { errorReply, okReply, unexpected, CommandFailure } from './reply.js';
import { commandOf, readParams, readRequest } from './request.js';
import { registerFailureSecrets, registerSecrets } from './secrets.js';
import { ServerRecords, UndoableStore } from './store.js';

/** Disturbance of a reply on its way to the client. The command itself is executed in any case. */
export type OxdServerFault =
  | FrameDelivery
  | ({
      /** Bytes to write instead of the reply, without a length before them. */
      readonly raw: string | Uint8Array;
    } & FrameDelivery)
  | {
      /** Sends no reply and leaves the connection open. */
      readonly hang: true;
    }
  | {
      /** Sends no reply and closes the connection. */
      readonly drop: true;
    };

/** Options of {@link OxdServer.start}. */
export interface OxdServerOptions {
  /** TCP port; default 0: any free port. */
  readonly port?: number;
  /** Address to listen on; default `127.0.0.1`. */
  readonly host?: string;
  /** Release of oxd-server to imitate; default `3.1.4`. */
  readonly version?: '3.1.1' | '3.1.4';
  /**
   * oxd's setting `protect_commands_with_access_token`: requires a protection token for commands;
   * default false. Like oxd-server, 3.1.1 fails with `internal_error` when the introspection
   * response has the parameter `scope` (RFC 7662): it knows only `scopes`.
   */
  readonly protectCommands?: boolean;
  /**
   * Rejects `update_site` without `redirect_uris`, like a provider that follows RFC 7592 §2.2.
   * Default false: the registered redirect URIs stay, as with Gluu.
   */
  readonly strictUpdates?: boolean;
  /** Allows a provider at an `http:` URL; default false. */
  readonly allowInsecureRequests?: boolean;
  /** Certificates (PEM) of a private certificate authority to trust. */
  readonly ca?: string | readonly string[];
  /** Limit for each request to the provider, in milliseconds; default 10000. */
  readonly timeout?: number;
  /** Initial access token for dynamic client registration (RFC 7591 §3). */
  readonly initialAccessToken?: string;
  /** Store for sites and states; default in memory. */
  readonly store?: OxdStore;
  /** Lifetime of a state, in milliseconds; default 300000. */
  readonly stateLifetime?: number;
  /** Current time in milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
  /** Called with every token, ticket, state and client secret in a reply; for tests. */
  readonly onSecret?: (value: string) => void;
  /** Called with the name of every command, as received. */
  readonly onCommand?: (command: string) => void;
}

/**
 * oxd-server 3.1.x for tests and development: listens on TCP, and executes commands with the
 * embedded transport against a real provider. Replies and errors are those of oxd-server. It knows
 * only the commands of this package. Known differences from oxd-server:
 *
 * - Logins use PKCE. ID tokens are validated as the embedded transport does: 3.1.1 requires no
 *   `at_hash` (oxd: `invalid_access_token_bad_hash`) and accepts a list as `aud` (oxd:
 *   `invalid_id_token_unknown`); a missing `iat` or `sub` is `invalid_id_token_unknown` (oxd: ok), a
 *   missing nonce is `invalid_nonce` (oxd: `internal_error`, closes).
 * - A token response of the provider is `internal_error` when it is not JSON or has no `token_type`,
 *   and `no_access_token` when it has no tokens (oxd: `no_id_token`, and ok without `token_type`).
 * - Discovery is not cached by `op_host` only, so a wrong `op_discovery_path` always fails. UMA
 *   discovery is validated as the embedded transport does; an invalid response is not passed on.
 * - The scopes of a refresh, a client token and an RPT are sent as separate values, not as one
 *   value.
 * - `remove_site` also deletes the client at the provider. `update_site` with only
 *   `authorization_redirect_uri` registers that URI there.
 * - Access tokens are introspected with the credentials of the client, and `scope` is a string (RFC
 *   7662); 3.1.4 uses the PAT and requires a list.
 * - An RPT is active only when `active` is the JSON boolean `true`. Without an RPT, no introspection
 *   request is sent.
 * - Error descriptions are shorter.
 */
export class OxdServer {
  private readonly faults = new Map<string, OxdServerFault>();
  private readonly embedded: EmbeddedTransport;
  private readonly servers: AuthorizationServers;
  private readonly context: ServerContext;
  private frames: FrameServer;

  private constructor(private readonly options: OxdServerOptions) {
    const { clock, version = '3.1.4', stateLifetime = 300_000, protectCommands = false } = options;
    const { strictUpdates = false } = options;
    const { allowInsecureRequests = false, timeout = 10_000, ca, initialAccessToken } = options;
    const baseStore = options.store ?? new MemoryStore({ clock });
    const store = new UndoableStore(baseStore);
    const embeddedOptions = {
      store,
      clock,
      stateLifetime,
      allowInsecureRequests,
      timeout,
      ca,
      initialAccessToken,
      requireIssuerParameter: false,
    };
    this.embedded = new EmbeddedTransport(embeddedOptions);
    this.servers = new AuthorizationServers(embeddedOptions);
    this.context = new ServerContext({
      release: version,
      embedded: this.embedded,
      servers: this.servers,
      records: new ServerRecords(baseStore, stateLifetime, version === '3.1.1'),
      store,
      stateLifetime,
      protectCommands,
      strictUpdates,
    });
  }

  /**
   * Starts a server; resolves when it listens.
   *
   * @throws the system error when the port is in use
   */
  static async start(options: OxdServerOptions = {}): Promise<OxdServer> {
    const server = new OxdServer(options);
    try {
      server.frames = await FrameServer.listen((text) => server.answer(text), options);
    } catch (error) {
      await server.release();
      throw error;
    }
    return server;
  }

  /** TCP port on which the server listens. */
  get port(): number {
    return this.frames.port;
  }

  /**
   * Disturbs every further reply to one command.
   *
   * @param command name of the command on the wire
   * @param fault disturbance; if omitted, replies are sent normally again
   */
  disturb(command: string, fault?: OxdServerFault): void {
    if (fault) this.faults.set(command, fault);
    else this.faults.delete(command);
  }

  /** Closes every open connection, as a restart would, and continues to listen. */
  dropConnections(): void {
    this.frames.dropConnections();
  }

  /** Stops listening, closes every connection and aborts pending requests to the provider. */
  async close(): Promise<void> {
    await this.frames.close();
    await this.release();
  }

  private async release(): Promise<void> {
    await this.embedded.close();
    await this.servers.close();
  }

  private async answer(text: string): Promise<FrameAnswer> {
    let name = '';
    try {
      const request = readRequest(text);
      name = String(request.command);
      this.options.onCommand?.(name);
      const { release } = this.context.options;
      const command = commandOf(release, request.command);
      const params = readParams(release, command, request.params);
      const data = await executeCommand(this.context, command, params);
      registerSecrets(data, this.options.onSecret);
      return this.disturbed(name, { text: okReply(data) });
    } catch (error) {
      const failure = error instanceof CommandFailure ? error : unexpected();
      registerFailureSecrets(failure, this.options.onSecret);
      return this.disturbed(name, { text: errorReply(failure), close: failure.closes });
    }
  }

  private disturbed(name: string, answer: { readonly text: string } & FrameDelivery): FrameAnswer {
    const fault = this.faults.get(name);
    if (!fault) return answer;
    const replaces = 'raw' in fault || 'hang' in fault || 'drop' in fault;
    return replaces ? fault : { ...answer, ...fault };
  }
}
