import { createServer, connect } from 'node:net';
import { once } from 'node:events';

const REQUEST_LINE = /^[A-Z]+ (\S+) HTTP\/1\.1\r\n/;

/**
 * A TCP proxy before Keycloak that counts connections, and requests by the last part of their path.
 * It reads a request line at the beginning of a chunk only: the clients send one request at a time.
 */
export async function startCountingProxy(target) {
  const { hostname: host, port } = new URL(target);
  let counts;
  const reset = () => (counts = { connections: 0, requests: {} });
  reset();
  const count = (chunk) => {
    const [, path] = REQUEST_LINE.exec(chunk.toString('latin1', 0, 4096)) ?? [];
    if (path === undefined) return;
    const name = path.split('?')[0].split('/').at(-1);
    counts.requests[name] = (counts.requests[name] ?? 0) + 1;
  };
  const sockets = new Set();
  const server = createServer({ noDelay: true }, (client) => {
    counts.connections += 1;
    const keycloak = connect({ host, port: Number(port), noDelay: true });
    for (const [one, other] of [
      [client, keycloak],
      [keycloak, client],
    ]) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => sockets.delete(one));
    }
    client.on('data', count).pipe(keycloak).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Returns the counts since the last call. */
    take() {
      const taken = counts;
      reset();
      return taken;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
