import type { OxdModuleOptions } from '../../lib/index.js';
import { OxdServer, type OxdServerOptions } from '../../lib/testing/testing.js';
import { registerSecret } from './secrets.js';

/** A stale connection would let a command fail because of an error of the one before. */
const EXTENSION = { extension: true, staleConnections: false };

/** Servers of oxd that the same tests run against, by their name in the titles. */
export const OXD_PEERS = {
  'socket 3.1.1': { version: '3.1.1' },
  'socket 3.1.4': { version: '3.1.4' },
  'socket 3.1.4 protected': { version: '3.1.4', protectCommands: true },
  'extension 3.1.1': { version: '3.1.1', ...EXTENSION },
  'extension 3.1.4': { version: '3.1.4', ...EXTENSION },
  'extension 3.1.4 protected': { version: '3.1.4', ...EXTENSION, protectCommands: true },
  'REST 4.2': { version: '4.2' },
  'REST 4.5': { version: '4.5' },
  'REST 4.5 protected': { version: '4.5', protectCommands: true },
} as const satisfies Readonly<Record<string, OxdServerOptions>>;

/** Name of one of {@link OXD_PEERS}. */
export type OxdPeer = keyof typeof OXD_PEERS;

/** Transports that the samples run over in a browser. */
export const SAMPLE_TRANSPORTS = [
  'embedded',
  'socket 3.1.4',
  'extension 3.1.4 protected',
  'REST 4.5 protected',
] as const;

/** Starts a server; its secrets must not be printed. */
export function startPeer(name: OxdPeer, options?: OxdServerOptions): Promise<OxdServer> {
  const common = { allowInsecureRequests: true, onSecret: registerSecret };
  return OxdServer.start({ ...common, ...OXD_PEERS[name], ...options });
}

/** Options of the transport to a server. */
export function transportTo(
  name: OxdPeer,
  server: OxdServer,
): NonNullable<OxdModuleOptions['transport']> {
  if (isTcp(name)) {
    return { type: 'socket', port: server.port, version: OXD_PEERS[name].version };
  }
  return { type: 'https', url: server.url, ca: server.ca, version: OXD_PEERS[name].version };
}

/** Variables of the transport to a server. */
export function environmentOf(
  name: OxdPeer,
  server: Pick<OxdServer, 'port'> & Partial<Pick<OxdServer, 'url' | 'ca'>>,
): Record<string, string> {
  const { version } = OXD_PEERS[name];
  const variables = isTcp(name)
    ? { TYPE: 'socket', PORT: String(server.port) }
    : { TYPE: 'https', URL: server.url ?? '', CA: server.ca ?? '' };
  const entries = Object.entries({ ...variables, VERSION: version });
  return Object.fromEntries(entries.map(([key, value]) => [`OXD_TRANSPORT_${key}`, value]));
}

function isTcp(name: OxdPeer): name is Extract<OxdPeer, `socket ${string}`> {
  return name.startsWith('socket');
}

/** Version of oxd of a peer, or another property by which its results differ from those of others. */
export type PeerTrait = (typeof OXD_PEERS)[OxdPeer]['version'] | 'protected' | 'extension';

/** Traits of a peer, the most special one first. */
export function traitsOf(name: OxdPeer | 'embedded'): readonly (PeerTrait | 'embedded')[] {
  if (name === 'embedded') return [name];
  const { protectCommands, extension }: OxdServerOptions = OXD_PEERS[name];
  const { version } = OXD_PEERS[name];
  // 3.1.1 checks a protection token whenever it gets one, and the extension requires one.
  const isProtected = protectCommands || (extension && version === '3.1.1');
  return [
    ...(isProtected ? (['protected'] as const) : []),
    ...(extension ? (['extension'] as const) : []),
    version,
  ];
}
