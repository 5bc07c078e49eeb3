// A load generator in its own process: connections that each write the same bytes again as soon as the
// response is complete. It counts bytes instead of parsing, so that it needs less CPU than the server.
import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { answerParent } from './processes.mjs';

const BUFFER = 65_536;
const connections = [];

answerParent({ open, run, close });

/**
 * Opens a connection for each request that is given, and learns the length of a response from the
 * first one on each.
 */
async function open({ port, requests, status }) {
  const opening = requests.map((request) =>
    openConnection({ port, bytes: Buffer.from(request, 'latin1'), status }),
  );
  connections.push(...(await Promise.all(opening)));
}

/**
 * Repeats requests on all connections for a time, or a number of requests.
 *
 * @param poll the process never sleeps: waking it would cost the application CPU for each response
 * @returns number of requests, seconds, and latencies in microseconds
 */
async function run({ milliseconds = Infinity, requests = Infinity, poll = false }) {
  let polls = poll;
  const spin = () => polls && setImmediate(spin);
  spin();
  const latencies = createHistogram();
  const start = performance.now();
  const limit = { end: start + milliseconds, left: requests };
  await Promise.all(connections.map((one) => one.repeat(limit, latencies)));
  polls = false;
  return {
    requests: latencies.count,
    seconds: (performance.now() - start) / 1000,
    p50: latencies.percentile(50),
    p99: latencies.percentile(99),
  };
}

function close() {
  for (const connection of connections.splice(0)) connection.close();
}

function openConnection({ port, bytes, status }) {
  const state = { length: undefined, received: 0, done: undefined, fail: undefined };
  const buffer = Buffer.allocUnsafe(BUFFER);
  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: { buffer, callback: (size) => onRead(state, buffer, size, status) },
  });
  const exchange = (done, fail) => {
    Object.assign(state, { received: 0, done, fail });
    socket.write(bytes);
  };
  return new Promise((resolve, reject) => {
    const connection = {
      repeat: (limit, latencies) => repeat(exchange, limit, latencies),
      close: () => socket.destroy(),
    };
    socket.on('error', (error) => state.fail(error));
    socket.on('end', () => state.fail(new Error('The application closed a connection.')));
    exchange(() => resolve(connection), reject);
  });
}

/** Each response of a contestant has as many bytes as its first one, and the expected status. */
function onRead(state, buffer, size, status) {
  if (state.received === 0) {
    state.length ??= lengthOf(buffer.latin1Slice(0, size));
    const received = buffer.latin1Slice(9, 12);
    if (received !== status) state.fail(new Error(`Expected status ${status}: ${received}.`));
  }
  state.received += size;
  if (state.received > state.length) state.fail(new Error('The length of a response changed.'));
  if (state.received === state.length) state.done();
  return true;
}

function lengthOf(response) {
  const [, length] = /\r\ncontent-length: (\d+)\r\n/i.exec(response) ?? [];
  return response.indexOf('\r\n\r\n') + 4 + Number(length);
}

function repeat(exchange, limit, latencies) {
  return new Promise((resolve, reject) => {
    let began;
    const done = () => {
      const now = performance.now();
      latencies.record(Math.max(1, Math.round((now - began) * 1000)));
      next(now);
    };
    const next = (now) => {
      if (now >= limit.end || limit.left <= 0) return resolve();
      limit.left -= 1;
      began = now;
      exchange(done, reject);
    };
    next(performance.now());
  });
}
