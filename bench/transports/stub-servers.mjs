// An oxd-server, an HTTPS extension, a REST API and an authorization server that reply immediately.
// Runs in its own process and sends ports and certificate to the parent.
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { frameOf, isFrame } from '../support/frames.mjs';
import { isRequest, listen, replying, responseOf } from '../support/raw-server.mjs';
import { startStubProvider } from '../support/stub-provider.mjs';

const data = { access: 'granted' };
const envelope = { status: 'ok', data };

const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
  algorithm: 'sha256',
});
const overTls = (body) =>
  listen(createTlsServer({ cert, key }, replying(isRequest, responseOf(JSON.stringify(body)))));

process.send({
  ca: cert,
  socket: await listen(createServer(replying(isFrame, frameOf(envelope)))),
  extension: await overTls(envelope),
  rest: await overTls(data),
  issuer: (await startStubProvider()).issuer,
});
process.once('disconnect', () => process.exit());
