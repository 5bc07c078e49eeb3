import { connect } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { MemoryStore, OxdModule, UmaService } from 'nestjs-oxd';
import { Pool } from 'undici';
import { frameOf } from '../support/frames.mjs';

const CONNECTIONS = 8;
const path = '/albums';
const call = { path, http_method: 'GET', rpt: 'rpt-1234567890' };
const params = { oxd_id: 'bcad760f-91ba-46e1-a020-05e4281d91b6', ...call };
const resources = [{ path, conditions: [{ httpMethods: ['GET'], scopes: ['view'] }] }];
const headers = { 'content-type': 'application/json', accept: 'application/json' };

/** Clients to compare; each has `open(servers)`, which returns `call(done)` and `close()`. */
export const contestants = [
  { name: 'embedded', open: ({ issuer }) => openEmbedded(issuer) },
  { name: 'socket', open: ({ socket: port }) => openOxd({ type: 'socket', port }) },
  {
    name: 'https extension',
    open: ({ extension, ca }) => openOxd({ ...https(extension, ca), version: '3.1.4' }),
  },
  { name: 'https REST', open: ({ rest, ca }) => openOxd({ ...https(rest, ca), version: '4.5' }) },
  { name: 'undici dispatch', open: ({ rest, ca }) => openUndici(rest, ca, dispatched) },
  { name: 'undici request', open: ({ rest, ca }) => openUndici(rest, ca, requested) },
  { name: 'bare socket', open: ({ socket: port }) => openBareSockets(port) },
];

function https(port, ca) {
  return { type: 'https', url: `https://localhost:${port}`, ca };
}

function openOxd(transport) {
  const site = { op_host: 'https://op.example.com', oxd_id: params.oxd_id };
  return openModule(site, { ...transport, connections: CONNECTIONS });
}

async function openEmbedded(op_host) {
  const client = { client_id: 'client-1', client_secret: 'secret-1' };
  const site = { op_host, ...client, scope: ['openid', 'uma_protection'] };
  const opened = await openModule(site, { type: 'embedded', allowInsecureRequests: true });
  await opened.uma.protect({ resources });
  return opened;
}

async function openModule(site, transport) {
  const authorization_redirect_uri = 'https://app.example.com/callback';
  const context = await NestFactory.createApplicationContext(
    OxdModule.forRoot({
      site: { ...site, authorization_redirect_uri },
      transport,
      secret: 'a secret of the bench, 32 characters',
      store: new MemoryStore(),
    }),
    { logger: false },
  );
  const uma = context.get(UmaService);
  return {
    uma,
    call: (done) => uma.checkAccess(call).then(accepted(done), fail),
    close: () => context.close(),
  };
}

/** Least clients of undici: JSON and one promise. */
function openUndici(port, ca, send) {
  const pool = new Pool(`https://localhost:${port}`, { connections: CONNECTIONS, connect: { ca } });
  return { call: (done) => send(pool).then(accepted(done), fail), close: () => pool.close() };
}

function requestOf() {
  return { path: '/uma-rs-check-access', method: 'POST', headers, body: JSON.stringify(params) };
}

async function requested(pool) {
  const { body } = await pool.request(requestOf());
  return body.json();
}

function dispatched(pool) {
  return new Promise((resolve, reject) => {
    let text = '';
    pool.dispatch(requestOf(), {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData: (_controller, chunk) => (text += chunk.latin1Slice()),
      onResponseEnd: () => resolve(JSON.parse(text)),
      onResponseError: (_controller, error) => reject(error),
    });
  });
}

/** Sockets that write prepared bytes and count those of the reply, one for each caller. */
function openBareSockets(port) {
  const frame = frameOf({ command: 'uma_rs_check_access', params });
  const all = [];
  const idle = [];
  const open = () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let replied;
    socket.on('error', fail).on('data', () => {
      idle.push(ask);
      replied();
    });
    const ask = (done) => {
      replied = done;
      socket.write(frame);
    };
    all.push(socket);
    return ask;
  };
  return {
    call: (done) => (idle.pop() ?? open())(done),
    close: () => all.forEach((socket) => socket.destroy()),
  };
}

function accepted(done) {
  return ({ access }) => {
    if (access !== 'granted') fail(new Error('access was not granted'));
    done();
  };
}

function fail(error) {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}
