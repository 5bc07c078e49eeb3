import { EmbeddedTransport } from '../../embedded/embedded.transport.js';
import { MemoryStore, type OxdStore } from '../../store/oxd-store.js';
import type { FrameAnswer, FrameDelivery } from '../frames/frame-answer.js';
import { FrameServer } from '../frames/frame-server.js';
import { AuthorizationServers } from './authorization-servers.js';
import { carryOut } from './commands.js';
import { ServerContext } from './context.js';
import { errorReply, okReply, unexpected, WireRefusal } from './reply.js';
import { commandOf, readParams, readRequest } from './request.js';
import { tellRefused, registerSecrets } from './secrets.js';
import { ServerRecords, UndoableStore } from './store.js';

/** What becomes of an answer on its way: the command itself is carried out in any case. */
export type OxdServerFault =
  | FrameDelivery
  | ({
      /** Bytes that are written instead, without a length before them. */
      readonly raw: string | Uint8Array;
    } & FrameDelivery)
  | {
      /** Nothing comes, and the connection stays open. */
      readonly hang: true;
    }
  | {
      /** Nothing comes, and the connection is closed. */
      readonly drop: true;
    };

/** Options of {@link OxdServer.start}. Times in milliseconds. */
export interface OxdServerOptions {
  /** TCP port; default 0, a free one. */
  readonly port?: number;
  /** Address to listen on; default `127.0.0.1`. */
  readonly host?: string;
  /** Which oxd-server it is; default `3.1.4`. */
  readonly version?: '3.1.1' | '3.1.4';
  /**
   * `protect_commands_with_access_token`; default false. As oxd-server, 3.1.1 breaks down at every
   * token of which the provider tells the `scope` (RFC 7662): it knows `scopes` alone.
   */
  readonly protectCommands?: boolean;
  /**
   * Has `update_site` without `redirect_uris` rejected, as providers do that follow RFC 7592 §2.2;
   * default false: the registered ones stay, as at Gluu.
   */
  readonly strictUpdates?: boolean;
  /** Allows a provider on plain http; default false. */
  readonly allowInsecureRequests?: boolean;
  /** Certificates (PEM) of a private certificate authority. */
  readonly ca?: string | readonly string[];
  /** Limit for each request to the provider; default 10000. */
  readonly timeout?: number;
  /** Token that the provider asks for at dynamic registration. */
  readonly initialAccessToken?: string;
  /** Where sites and states are kept; default in memory. */
  readonly store?: OxdStore;
  /** How long a state is good; default 300000. */
  readonly stateLifetime?: number;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
  /** Called with every token, ticket, state and client secret in an answer: for tests. */
  readonly onSecret?: (value: string) => void;
  /** Called with the name of every command as it came. */
  readonly onCommand?: (command: string) => void;
}

/**
 * An oxd-server 3.1.x on TCP for tests and development, on the embedded engine. It replies and fails
 * as oxd-server does and knows the commands of this package only. Known differences:
 *
 * - Logins use PKCE, and id_tokens are validated as the engine does: 3.1.1 needs no `at_hash` and
 *   accepts a list as `aud`; a missing `iat` or `sub` is `invalid_id_token_unknown`, a missing nonce
 *   `invalid_nonce`.
 * - A token response of the provider that is no JSON, or has no `token_type`, is `internal_error`,
 *   one without tokens `no_access_token`.
 * - Discovery is never cached by `op_host` alone, so a wrong `op_discovery_path` always fails; UMA
 *   discovery is checked as the engine does, and a wrong response is not passed on.
 * - The scopes of a refresh, of a client token and of an RPT arrive as several, not as one.
 * - `remove_site` removes the client at the provider, too; `update_site` with
 *   `authorization_redirect_uri` alone registers it there.
 * - Access tokens are introspected with the credentials of the client and a `scope` string (RFC
 *   7662); 3.1.4 uses the PAT and needs a list.
 * - An RPT is active only with the JSON boolean `true`, and is not introspected if none was sent.
 * - Error descriptions are shorter.
 */
export class OxdServer {
  private readonly faults = new Map<string, OxdServerFault>();
  private readonly engine: EmbeddedTransport;
  private readonly servers: AuthorizationServers;
  private readonly context: ServerContext;
  private frames: FrameServer;

  private constructor(private readonly options: OxdServerOptions) {
    const { clock, version = '3.1.4', stateLifetime = 300_000, protectCommands = false } = options;
    const { strictUpdates = false } = options;
    const { allowInsecureRequests = false, timeout = 10_000, ca, initialAccessToken } = options;
    const kept = options.store ?? new MemoryStore({ clock });
    const store = new UndoableStore(kept);
    const engineOptions = {
      store,
      clock,
      stateLifetime,
      allowInsecureRequests,
      timeout,
      ca,
      initialAccessToken,
      requireIssuerParameter: false,
    };
    this.engine = new EmbeddedTransport(engineOptions);
    this.servers = new AuthorizationServers(engineOptions);
    this.context = new ServerContext({
      release: version,
      engine: this.engine,
      servers: this.servers,
      records: new ServerRecords(kept, stateLifetime, version === '3.1.1'),
      store,
      stateLifetime,
      protectCommands,
      strictUpdates,
    });
  }

  /**
   * Starts a server.
   *
   * @throws the system's error when the port is taken
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

  /** The TCP port it listens on. */
  get port(): number {
    return this.frames.port;
  }

  /**
   * Disturbs the answers to one command from now on.
   *
   * @param command its name on the wire
   * @param fault left out, they are in order again
   */
  disturb(command: string, fault?: OxdServerFault): void {
    if (fault) this.faults.set(command, fault);
    else this.faults.delete(command);
  }

  /** Closes every open connection, as a restart would; goes on listening. */
  dropConnections(): void {
    this.frames.dropConnections();
  }

  /** Stops listening, closes every connection and ends what is under way at the provider. */
  async close(): Promise<void> {
    await this.frames.close();
    await this.release();
  }

  private async release(): Promise<void> {
    await this.engine.close();
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
      const data = await carryOut(this.context, command, params);
      registerSecrets(data, this.options.onSecret);
      return this.disturbed(name, { text: okReply(data) });
    } catch (error) {
      const refusal = error instanceof WireRefusal ? error : unexpected();
      tellRefused(refusal, this.options.onSecret);
      return this.disturbed(name, { text: errorReply(refusal), close: refusal.closes });
    }
  }

  private disturbed(name: string, answer: { readonly text: string } & FrameDelivery): FrameAnswer {
    const fault = this.faults.get(name);
    if (!fault) return answer;
    const replaces = 'raw' in fault || 'hang' in fault || 'drop' in fault;
    return replaces ? fault : { ...answer, ...fault };
  }
}
