import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { OxdConfigurationError } from '../../base/errors.js';

/**
 * An HTTP server that only this machine reaches; requests are handled by `request` listeners.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the port cannot be had
 */
export async function listenOnLoopback(port: number): Promise<Server> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  } catch (cause) {
    const inUse = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const why = inUse ? 'is in use; stop what listens there' : 'cannot be opened';
    throw new OxdConfigurationError(
      [`port: ${port} ${why}, or choose another port for the sandbox`],
      { cause },
    );
  }
}

/** The port that a server listens on. */
export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

/** Closes a server with every connection. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
