import { EmbeddedTransport } from '../../embedded/embedded.transport.js';
import { MemoryStore } from '../../store/oxd-store.js';
import { OxdConfigurationError } from '../../base/errors.js';
import { isRest } from '../../commands/dialect/https-paths.js';
import { FrameServer } from '../frames/frame-server.js';
import { HttpsListener } from '../https/https-listener.js';
import { AuthorizationServers } from './authorization-servers.js';
import { CommandRunner } from './command-runner.js';
import { ServerContext } from './context.js';
import { ExtensionPeer } from './extension-replies.js';
import { Faults, type OxdServerFault } from './faults.js';
import { frameHandler } from './frame-replies.js';
import { httpsHandler } from './https-peer.js';
import type { OxdServerOptions } from './oxd-server-options.js';
import { RestPeer } from './rest-replies.js';
import { ServerRecords } from './store.js';

/**
 * oxd for tests and development: oxd-server 3.1 on TCP, its HTTPS extension, or the REST API of
 * oxd-server 4. Executes commands with the embedded transport against a real provider. Replies and
 * errors are those of oxd. It knows only the commands of this package. The section "OxdServer in
 * tests" of `docs/oxd-versions.md` lists the differences from oxd.
 */
export class OxdServer {
  private readonly faults = new Faults();
  private readonly embedded: EmbeddedTransport;
  private readonly servers: AuthorizationServers;
  private readonly context: ServerContext;
  private listener: FrameServer | HttpsListener;

  private constructor(private readonly options: OxdServerOptions) {
    const { clock, version = '3.1.4', stateLifetime = 300_000, protectCommands = false } = options;
    const { strictUpdates = false } = options;
    const { allowInsecureRequests = false, timeout = 10_000, ca, initialAccessToken } = options;
    const store = options.store ?? new MemoryStore({ clock });
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
      records: new ServerRecords(store, stateLifetime, version === '3.1.1'),
      protectCommands,
      strictUpdates,
    });
  }

  /**
   * Starts a server; resolves when it listens.
   *
   * @throws the system error when the port is in use
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID over HTTPS without `certificate`, when
   *   the optional peer `selfsigned` is not installed or cannot be loaded
   */
  static async start(options: OxdServerOptions = {}): Promise<OxdServer> {
    const server = new OxdServer(options);
    try {
      server.listener = await server.listen();
    } catch (error) {
      await server.release();
      throw error;
    }
    return server;
  }

  /** Port on which the server listens. */
  get port(): number {
    return this.listener.port;
  }

  /**
   * URL of the server over HTTPS: `https://localhost:<port>`.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID for a server on TCP
   */
  get url(): string {
    return `https://localhost:${this.https.port}`;
  }

  /**
   * Certificate (PEM) for the client to trust; that of `certificate`, if given.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID for a server on TCP
   */
  get ca(): string {
    return this.https.ca;
  }

  /**
   * Disturbs every further reply to one command.
   *
   * @param command name of the command on the wire, such as `get_user_info`; over HTTPS, too
   * @param fault disturbance; if omitted, replies are sent normally again
   */
  disturb(command: string, fault?: OxdServerFault): void {
    this.faults.set(command, fault);
  }

  /** Closes every open connection, as a restart would, and continues to listen. */
  dropConnections(): void {
    this.listener.dropConnections();
  }

  /** Stops listening, closes every connection and aborts pending requests to the provider. */
  async close(): Promise<void> {
    await this.listener.close();
    await this.release();
  }

  private async release(): Promise<void> {
    await this.embedded.close();
    await this.servers.close();
  }

  private listen(): Promise<FrameServer | HttpsListener> {
    const { faults, options } = this;
    const { release } = this.context.options;
    const runner = new CommandRunner(this.context, options);
    if (!isRest(release) && !options.extension)
      return FrameServer.listen(frameHandler(runner, faults), options);
    const peer = isRest(release)
      ? new RestPeer(release, this.context.options.records)
      : new ExtensionPeer(release, options.staleConnections ?? true);
    return HttpsListener.listen(httpsHandler(peer, { release, runner, faults }), options);
  }

  private get https(): HttpsListener {
    if (this.listener instanceof HttpsListener) return this.listener;
    throw new OxdConfigurationError([
      'OxdServer: is on TCP and has no URL and no certificate; set extension to true',
    ]);
  }
}
