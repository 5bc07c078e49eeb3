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

const request = JSON.stringify({ command: 'get_user_info', params });
const frame = Buffer.from(String(request.length).padStart(4, '0') + request);

// oxd-node prints every request and reply: that would be measured instead.
console.log = () => {};

/** Calls back when the bytes of one reply are complete. */
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
      const idle = await Promise.all(Array.from({ length: CONNECTIONS }, () => bareSocket(port)));
      const all = [...idle];
      const waiting = [];
      const ask = (socket, done) =>
        socket.ask(() => {
          const next = waiting.shift();
          if (next) ask(socket, next);
          else idle.push(socket);
          done();
        });
      return {
        call(done) {
          const socket = idle.pop();
          if (socket) ask(socket, done);
          else waiting.push(done);
        },
        close: () => all.forEach((socket) => socket.destroy()),
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

function bareSocket(port) {
  return new Promise((resolve) => {
    let replied;
    const socket = connect({ port, host, noDelay: true }, () =>
      resolve({
        ask(done) {
          replied = done;
          socket.write(frame);
        },
        destroy: () => socket.destroy(),
      }),
    );
    socket.on('error', fail);
    onReply(socket, () => replied());
  });
}

function fail(error) {
  process.stderr.write(`${error}\n`);
  process.exit(1);
}
