// TCP and TLS servers that write prepared bytes: an HTTP server of Node.js would take as much CPU as
// the measured client. Requests are ASCII, and a connection has one request at a time.

/**
 * Serves each complete request of a socket.
 *
 * @param isComplete `(read) => boolean`, see `isFrame` and `isRequest`
 * @param respond `(read, socket) => void`; writes the response
 */
export const serving = (isComplete, respond) => (socket) => {
  let read = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    read += bytes.latin1Slice();
    if (!isComplete(read)) return;
    const request = read;
    read = '';
    respond(request, socket);
  });
};

/** Serves each complete request with the same bytes. */
export const replying = (isComplete, reply) =>
  serving(isComplete, (_request, socket) => socket.write(reply));

/** Listens on a free port of 127.0.0.1 and returns it. */
export async function listen(server) {
  await new Promise((resolve) =>
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, resolve),
  );
  return server.address().port;
}

/** HTTP response with a JSON body. */
export function responseOf(body, status = 200) {
  const head = [
    `HTTP/1.1 ${status} Status`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  return Buffer.from([...head, '', body].join('\r\n'));
}

/** True once the bytes read so far are an HTTP request with its body. */
export function isRequest(read) {
  const end = read.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const [, length = '0'] = /\r\ncontent-length: (\d+)/i.exec(read) ?? [];
  return read.length >= end + 4 + Number(length);
}

/** Method, path and body of an HTTP request. */
export function parseRequest(read) {
  const [method, path] = read.slice(0, read.indexOf(' HTTP/')).split(' ');
  return { method, path, body: read.slice(read.indexOf('\r\n\r\n') + 4) };
}
