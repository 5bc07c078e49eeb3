import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { MemoryStore, OidcService, OxdModule } from 'nestjs-oxd';

const require = createRequire(import.meta.url);
const host = '127.0.0.1';
const params = {
  oxd_id: 'bcad760f-91ba-46e1-a020-05e4281d91b6',
  access_token: 'nh5jcILJKXhyxXUAZR34-pun0uLAwm1_V79yLDzHwPq',
};
const CONNECTIONS = 8;

const encode = () => {
  const request = JSON.stringify({ command: 'get_user_info', params });
  return String(request.length).padStart(4, '0') + request;
};
const frame = Buffer.from(encode());

// oxd-node prints every request and reply, which would dominate the measurement.
console.log = () => {};

/** Calls `done` when all bytes of one reply have arrived. */
function onReply(socket, replied) {
  let missing = 0;
  socket.on('data', (bytes) => {
    if (missing === 0) missing = 4 + Number(bytes.latin1Slice(0, 4));
    missing -= bytes.length;
    if (missing === 0) replied();
  });
}

/**
 * Each has `cell`, how long it runs per round in milliseconds (short where every command takes a
 * TCP port away for a minute), and `open(port)`, which gives `call(done)` and `close()`.
 */
export const contestants = [
  {
    name: 'nestjs-oxd',
    cell: 150,
    async open(port) {
      const context = await NestFactory.createApplicationContext(
        OxdModule.forRoot({
          site: {
            op_host: 'https://op.example.com',
            authorization_redirect_uri: 'https://app.example.com/callback',
            oxd_id: params.oxd_id,
          },
          transport: { type: 'socket', port, connections: CONNECTIONS },
          secret: 'a secret of the bench, 32 characters',
          store: new MemoryStore(),
        }),
        { logger: false },
      );
      const oidc = context.get(OidcService);
      return {
        call: (done) => oidc.getUserInfo({ access_token: params.access_token }).then(done),
        close: () => context.close(),
      };
    },
  },
  {
    name: 'bare',
    cell: 150,
    async open(port) {
      const sockets = await openSockets(() => bareSocket(port));
      return { call: (done) => sockets.ask(frame, done), close: () => sockets.close() };
    },
  },
  {
    name: 'least client',
    cell: 150,
    async open(port) {
      const sockets = await openSockets(() => readingSocket(port));
      return {
        call: (done) => new Promise((resolve) => sockets.ask(encode(), resolve)).then(done),
        close: () => sockets.close(),
      };
    },
  },
  {
    name: 'connection per command',
    cell: 60,
    async open(port) {
      return {
        call(done) {
          const socket = connect({ port, host, noDelay: true });
          socket.on('error', fail);
          onReply(socket, () => {
            socket.destroy();
            done();
          });
          socket.write(frame);
        },
        close() {},
      };
    },
  },
  {
    name: 'oxd-node',
    cell: 60,
    async open(port) {
      const oxd = require('oxd-node')({});
      const config = { ...params, host, port };
      return {
        call: (done) => oxd.get_user_info(config, (error) => (error ? fail(error) : done())),
        close() {},
      };
    },
  },
];

/** Pool of sockets, each used by one command at a time, with a queue. */
async function openSockets(openOne) {
  const idle = await Promise.all(Array.from({ length: CONNECTIONS }, openOne));
  const all = [...idle];
  const waiting = [];
  const send = (socket, bytes, done) =>
    socket.ask(bytes, (reply) => {
      const next = waiting.shift();
      if (next) send(socket, ...next);
      else idle.push(socket);
      done(reply);
    });
  return {
    ask(bytes, done) {
      const socket = idle.pop();
      if (socket) send(socket, bytes, done);
      else waiting.push([bytes, done]);
    },
    close: () => all.forEach((socket) => socket.destroy()),
  };
}

/** Waits until as many bytes as in a reply have arrived. */
function bareSocket(port) {
  return openSocket({ port }, (socket, replied) => onReply(socket, replied));
}

/** Reads a reply at minimal cost: one buffer, no stream, JSON. */
function readingSocket(port) {
  let read;
  let text = '';
  const buffer = Buffer.allocUnsafe(16_384);
  const callback = (size) => {
    text += buffer.latin1Slice(0, size);
    if (text.length < 4 + Number(text.slice(0, 4))) return true;
    const reply = JSON.parse(text.slice(4));
    text = '';
    read(reply);
    return true;
  };
  return openSocket({ port, onread: { buffer, callback } }, (_socket, replied) => {
    read = replied;
  });
}

function openSocket(options, listen) {
  return new Promise((resolve) => {
    let replied;
    const socket = connect({ ...options, host, noDelay: true }, () =>
      resolve({
        ask(bytes, done) {
          replied = done;
          socket.write(bytes);
        },
        destroy: () => socket.destroy(),
      }),
    );
    socket.on('error', fail);
    listen(socket, (reply) => replied(reply));
  });
}

function fail(error) {
  process.stderr.write(`${error}\n`);
  process.exit(1);
}
