import {
  Agent,
  buildConnector,
  EnvHttpProxyAgent,
  Pool,
  type Client,
  type Dispatcher,
} from 'undici';
import { isLoopback } from '../../base/network-rules.js';
import { trustedCertificates } from '../../base/trusted-certificates.js';
import { DialledOrigins } from './dialled-origins.js';
import { connectionError, tunnelError } from './proxy-error.js';
import { proxySettings, type ProxySettings } from './proxy-settings.js';
import { TrackedClient } from './tracked-client.js';

/** Options of {@link Connections}. */
export interface ConnectionsOptions {
  /** Limit for establishing a connection, in milliseconds. */
  readonly timeout: number;
  /** Certificates (PEM) that are trusted in addition to those of Node.js. */
  readonly ca?: string | readonly string[];
  /** Option `transport.proxy`. */
  readonly proxy?: string | false;
  /** Option `transport.addresses`. */
  readonly addresses?: Readonly<Record<string, string>>;
}

/** A larger response is rejected, in bytes. */
const MAX_RESPONSE = 1024 * 1024;

/** Limits of connections. `ProviderHttp` limits the time of each exchange, so undici need not. */
const LIMITS = {
  connections: 64,
  maxResponseSize: MAX_RESPONSE,
  headersTimeout: 0,
  bodyTimeout: 0,
};

interface Dispatchers {
  readonly direct: Dispatcher;
  readonly proxied: Dispatcher;
}

/**
 * Connections to providers: direct, dialled at another address, or through a proxy. TLS is always
 * verified. Proxy credentials are in private fields only.
 */
export class Connections {
  /** Origins that are dialled at another address. */
  readonly dialled: DialledOrigins;
  readonly #tls: buildConnector.BuildOptions;
  readonly #proxy: ProxySettings | undefined;
  readonly #shared: Dispatchers;
  readonly #fresh = new Set<Dispatchers>();
  readonly #broken = new WeakSet<object>();

  /** @throws {OxdConfigurationError} when an environment variable names no usable proxy */
  constructor({ timeout, ca, proxy, addresses }: ConnectionsOptions) {
    this.dialled = new DialledOrigins(addresses);
    // Set explicitly, or NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the verification off.
    this.#tls = { timeout, rejectUnauthorized: true, ca: trustedCertificates(ca) };
    this.#proxy = proxySettings(proxy);
    this.#shared = this.#open();
  }

  /** Keep-alive connections to the origin of a URL. */
  to(url: URL, { direct, proxied } = this.#shared): Dispatcher {
    if (this.dialled.all.has(url.origin)) return direct;
    // A proxy of the environment must not receive plain http that is meant for this machine.
    const isFromEnvironment = this.#proxy?.isFromEnvironment && url.protocol === 'http:';
    return isFromEnvironment && isLoopback(url.href) ? direct : proxied;
  }

  /** Runs work on a new connection that no other request uses. */
  async fresh<T>(url: URL, work: (dispatcher: Dispatcher) => Promise<T>): Promise<T> {
    const dispatchers = this.#open();
    this.#fresh.add(dispatchers);
    try {
      return await work(this.to(url, dispatchers));
    } finally {
      this.#fresh.delete(dispatchers);
      await destroy(dispatchers);
    }
  }

  /** Returns true for the error of a keep-alive connection that broke under a later request. */
  hasBroken(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.#broken.has(error);
  }

  /** Ends every connection; requests in progress fail. */
  async close(): Promise<void> {
    await Promise.all([this.#shared, ...this.#fresh].map(destroy));
  }

  #open(): Dispatchers {
    const connect = this.dialled.connector(this.#tls);
    const factory = this.#poolWith((origin, options) => new Pool(origin, options));
    const direct = new Agent({ ...LIMITS, connect, factory });
    return { direct, proxied: this.#proxy ? this.#openProxy(this.#proxy) : direct };
  }

  #openProxy({ httpProxy, httpsProxy, noProxy }: ProxySettings): Dispatcher {
    const tls = this.#tls;
    return new EnvHttpProxyAgent({
      ...LIMITS,
      ...{ httpProxy, httpsProxy, noProxy },
      connect: tls,
      // The agent ignores `connect` in a tunnel and on the way to the proxy.
      requestTls: tls,
      proxyTls: tls,
      clientFactory: (proxy) => proxyPool(proxy, tls),
      factory: this.#poolWith((origin, options) => new Pool(origin, withTunnelErrors(options))),
    });
  }

  #poolWith(pool: (origin: string | URL, options: Pool.Options) => Pool) {
    const factory = (origin: URL, options: Client.Options): Dispatcher =>
      new TrackedClient(origin, options, this.#broken);
    return (origin: string | URL, options: Pool.Options): Pool =>
      pool(origin, { ...options, factory });
  }
}

async function destroy({ direct, proxied }: Dispatchers): Promise<void> {
  await Promise.all([...new Set([direct, proxied])].map((one) => one.destroy()));
}

/** Connections to the proxy itself, over which tunnels are opened. */
function proxyPool(proxy: URL, tls: buildConnector.BuildOptions): Pool {
  const connect = failingWith(connectionError, buildConnector(tls));
  return new Pool(proxy, { connect, headersTimeout: tls.timeout ?? undefined });
}

/** undici passes a function for tunnels, and the TLS options for hosts without a proxy. */
function withTunnelErrors(options: Pool.Options): Pool.Options {
  const { connect } = options;
  if (typeof connect !== 'function') return options;
  return { ...options, connect: failingWith(tunnelError, connect) };
}

function failingWith(
  toError: (error: Error) => Error,
  connect: buildConnector.connector,
): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error) callback(toError(error), null);
      else if (socket) callback(null, socket);
    });
  };
}
