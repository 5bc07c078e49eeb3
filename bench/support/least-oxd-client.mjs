// The least clients of oxd-server: kept sockets with one command at a time each, and no limit, time
// limit or error of the server. Any failure ends the process.
import { connect } from 'node:net';
import { encodeFrame, isFrame } from './frames.mjs';

/** Number of sockets: the default of `nestjs-oxd`. */
export const CONNECTIONS = 8;
const BUFFER = 16_384;

/** Client that writes and reads JSON. `execute()` returns a promise of the reply. */
export async function openLeastClient(port) {
  const sockets = await openSockets(() => readingSocket(port));
  return {
    execute: (command, params) =>
      new Promise((resolve) => sockets.ask(encodeFrame({ command, params }), resolve)),
    close: () => sockets.close(),
  };
}

/** Client that writes prepared bytes, and only counts those of a reply. */
export function openBareClient(port) {
  return openSockets(() => bareSocket(port));
}

/** Calls `replied` when all bytes of one reply have arrived. */
export function onReply(socket, replied) {
  let missing = 0;
  socket.on('data', (bytes) => {
    if (missing === 0) missing = 4 + Number(bytes.latin1Slice(0, 4));
    missing -= bytes.length;
    if (missing === 0) replied();
  });
}

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
  const buffer = Buffer.allocUnsafe(BUFFER);
  const callback = (size) => {
    text += buffer.latin1Slice(0, size);
    if (!isFrame(text)) return true;
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
    const socket = connect({ ...options, host: '127.0.0.1', noDelay: true }, () =>
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

/** Ends the process with an error. */
export function fail(error) {
  process.stderr.write(`${error}\n`);
  process.exit(1);
}
