import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { OxdConfigurationError } from '../../base/errors.js';

/**
 * Starts an HTTP server that is reachable only from this machine; add `request` listeners to it.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the port is unavailable
 */
export async function listenOnLoopback(port: number): Promise<Server> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  } catch (cause) {
    const inUse = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const problem = inUse
      ? 'is in use; stop the process that listens there, or choose another port for the sandbox'
      : 'cannot be opened; choose another port for the sandbox';
    throw new OxdConfigurationError([`port: ${port} ${problem}`], { cause });
  }
}

/** Port on which a server listens. */
export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

/** Closes a server and all its connections. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
