import { checkServerIdentity } from 'node:tls';
import { buildConnector } from 'undici';
import { originOf } from '../../base/network-rules.js';

type Connector = ReturnType<typeof buildConnector>;

/**
 * Option `addresses`: internal origins that are dialled for public ones, like `curl --connect-to`.
 */
export class DialledOrigins {
  /** Public origins of the option and their internal origins. */
  readonly all = new Set<string>();
  /** Internal origins, which are dialled in place of public ones. */
  readonly internal = new Set<string>();
  private readonly dialled = new Map<string, URL>();

  constructor(addresses: Readonly<Record<string, string>> = {}) {
    for (const [origin, address] of Object.entries(addresses)) {
      const [from, to] = [originOf(origin), originOf(address)];
      if (!from || !to) continue;
      this.dialled.set(from, new URL(to));
      this.internal.add(to);
      this.all.add(from).add(to);
    }
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
