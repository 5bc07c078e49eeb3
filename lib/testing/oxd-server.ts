import { EngineTransport } from '../engine/engine.transport.js';
import { MemoryStore, type OxdStore } from '../store.js';
import type { FrameAnswer, FrameDelivery } from './frame-answer.js';
import { FrameServer } from './frame-server.js';
import { AuthorizationServers } from './oxd-server-as.js';
import { carryOut } from './oxd-server-commands.js';
import { ServerContext } from './oxd-server-context.js';
import { errorReply, okReply, unexpected, WireRefusal } from './oxd-server-reply.js';
import { commandOf, readParams, readRequest } from './oxd-server-request.js';
import { tellRefused, tellSecrets } from './oxd-server-secrets.js';
import { ServerRecords, UndoableStore } from './oxd-server-store.js';

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
 * An oxd-server 3.1.x on TCP for tests and development, on the embedded engine. It speaks and
 * fails as oxd-server does. What differs: it sends PKCE and checks id_tokens as the engine does, so
 * that 3.1.1 does not insist on `at_hash`; oxd's own scopes never go to the authorization endpoint;
 * the scopes of a refresh, of a client token and of an RPT arrive as several and not as one;
 * `remove_site` removes the client at the provider, too; UMA discovery is checked as the engine does,
 * and what it answered wrongly is not passed on; an RPT's `active` is good as a JSON boolean only; no
 * RPT is asked about where none was sent; oxd's own
 * error texts are shorter. It knows the commands of this package only.
 */
export class OxdServer {
  private readonly faults = new Map<string, OxdServerFault>();
  private readonly engine: EngineTransport;
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
    this.engine = new EngineTransport(engineOptions);
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
      tellSecrets(data, this.options.onSecret);
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
