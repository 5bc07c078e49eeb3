import type { OxdStore } from '../../store/oxd-store.js';

/** Options of {@link OxdServer.start}. */
export interface OxdServerOptions {
  /** Port; default 0: any free port. */
  readonly port?: number;
  /** Address to listen on; default `127.0.0.1`. */
  readonly host?: string;
  /**
   * Release of oxd to imitate; default `3.1.4`. Releases 3.1 listen on TCP, releases 4 have the REST
   * API over HTTPS.
   */
  readonly version?: '3.1.1' | '3.1.4' | '4.2' | '4.5';
  /** Listens for HTTPS like the extension of oxd 3.1, instead of TCP; default false. */
  readonly extension?: boolean;
  /**
   * Certificate of the server over HTTPS and its private key, both PEM. Default: a self-signed one
   * for `localhost` and `127.0.0.1`, made at the start with the package `selfsigned`.
   */
  readonly certificate?: {
    /** Certificate. */
    readonly cert: string;
    /** Private key. */
    readonly key: string;
  };
  /**
   * Extension 3.1.4: after a generic `internal_error`, one later request fails with status 500, like
   * in oxd, whose pool does not notice that oxd-server closed the connection. Default true; false for
   * a test that makes such an error and is not about this one.
   */
  readonly staleConnections?: boolean;
  /**
   * oxd's setting `protect_commands_with_access_token`: requires a protection token for commands;
   * default false. In 4.2 and later the token belongs to the client of the site and has the scope
   * `oxd`; `register_site`, `update_site`, `remove_site`, `get_client_token` and `get_rp` need none.
   * Like oxd-server, 3.1.1 fails with `internal_error` when the introspection response has the
   * parameter `scope` (RFC 7662): 3.1.1 knows only `scopes`.
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
