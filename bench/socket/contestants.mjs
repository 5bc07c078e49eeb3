import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { MemoryStore, OidcService, OxdModule } from 'nestjs-oxd';
import { frameOf } from '../support/frames.mjs';
import {
  CONNECTIONS,
  fail,
  onReply,
  openBareClient,
  openLeastClient,
} from '../support/least-oxd-client.mjs';

const require = createRequire(import.meta.url);
const host = '127.0.0.1';
const params = {
  oxd_id: 'bcad760f-91ba-46e1-a020-05e4281d91b6',
  access_token: 'nh5jcILJKXhyxXUAZR34-pun0uLAwm1_V79yLDzHwPq',
};
const frame = frameOf({ command: 'get_user_info', params });

// oxd-node prints every request and reply, which would dominate the measurement.
console.log = () => {};

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
      const client = await openBareClient(port);
      return { call: (done) => client.ask(frame, done), close: client.close };
    },
  },
  {
    name: 'least client',
    cell: 150,
    async open(port) {
      const client = await openLeastClient(port);
      return {
        call: (done) => client.execute('get_user_info', params).then(done),
        close: client.close,
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
