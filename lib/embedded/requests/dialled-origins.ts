import { checkServerIdentity } from 'node:tls';
import { buildConnector } from 'undici';
import { originOf } from '../../base/network-rules.js';

type Connector = ReturnType<typeof buildConnector>;

/**
 * Option `addresses`: internal origins that are dialled for public ones, like `curl --connect-to`.
 */
export class DialledOrigins {
  private readonly dialled = new Map<string, URL>();
  private readonly internal = new Set<string>();

  constructor(addresses: Readonly<Record<string, string>> = {}) {
    for (const [origin, address] of Object.entries(addresses)) {
      const [from, to] = [originOf(origin), originOf(address)];
      if (!from || !to) continue;
      this.dialled.set(from, new URL(to));
      this.internal.add(to);
    }
  }

  /** Returns true for a public origin of the option and for its internal origin. */
  has(origin: string): boolean {
    return this.dialled.has(origin) || this.internal.has(origin);
  }

  /** Returns true for an internal origin, which is dialled in place of a public one. */
  isDialled(origin: string): boolean {
    return this.internal.has(origin);
  }

  /**
   * Connector that dials the internal origins, and every other origin directly. The certificate must
   * be that of the public host.
   */
  connector(tls: buildConnector.BuildOptions): Connector {
    const usual = buildConnector(tls);
    const redirected = new Map(
      [...this.dialled].map(([origin, to]) => [origin, redirect(new URL(origin), to, tls)]),
    );
    return (options, callback) => {
      const connect = redirected.get(`${options.protocol}//${options.host}`) ?? usual;
      connect(options, callback);
    };
  }
}

function redirect(from: URL, to: URL, tls: buildConnector.BuildOptions): Connector {
  const host = bare(from);
  const connect = buildConnector({
    ...tls,
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
  });
  const { protocol, port } = to;
  // The TLS server name is derived from `host`, which stays public.
  const target = { protocol, port, hostname: bare(to) };
  return (options, callback) => connect({ ...options, ...target }, callback);
}

/** Host name, or IP address without brackets. */
function bare({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
