// An oxd-server, an HTTPS extension, a REST API and an authorization server that reply immediately.
// Runs in its own process and sends ports and certificate to the parent.
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { startStubProvider } from '../walk/stub-provider.mjs';

const data = { access: 'granted' };
const envelope = JSON.stringify({ status: 'ok', data });
const frame = String(envelope.length).padStart(4, '0') + envelope;

/** Response with prepared bytes: an HTTP server of Node.js would take as long as the client. */
function response(body) {
  return [
    'HTTP/1.1 200 OK',
    'content-type: application/json',
    `content-length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

/** Returns true once the bytes read so far are a frame. The requests of the benchmark are ASCII. */
function isFrame(read) {
  return read.length >= 4 && read.length >= 4 + Number(read.slice(0, 4));
}

/** Returns true once the bytes read so far are a request with its body. */
function isRequest(read) {
  const end = read.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const [, length = '0'] = /\r\ncontent-length: (\d+)/i.exec(read) ?? [];
  return read.length >= end + 4 + Number(length);
}

const replying = (isComplete, reply) => (socket) => {
  let read = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    read += bytes.latin1Slice();
    if (!isComplete(read)) return;
    read = '';
    socket.write(reply);
  });
};

async function listen(server) {
  await new Promise((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
  return server.address().port;
}

const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
  algorithm: 'sha256',
});
const overTls = (body) =>
  listen(createTlsServer({ cert, key }, replying(isRequest, response(body))));

process.send({
  ca: cert,
  socket: await listen(createServer(replying(isFrame, frame))),
  extension: await overTls(envelope),
  rest: await overTls(JSON.stringify(data)),
  issuer: (await startStubProvider()).issuer,
});
process.once('disconnect', () => process.exit());
