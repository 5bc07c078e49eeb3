import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { measure } from '../support/measure.mjs';

const DENIED_EVERY = 500;

/**
 * Callers of one route. Each request in flight has its own token: otherwise an application could
 * share the work for requests with the same token.
 *
 * @param origin address of the application
 * @param tokens `{ permitted, denied, status }`; as many callers as permitted tokens
 */
export function openLoad(origin, path, tokens) {
  const pool = new Pool(origin, { connections: tokens.permitted.length + 1 });
  const idle = [...tokens.permitted];
  const wrong = new Map();
  const send = (token, expected, done) => {
    let status;
    const end = () => {
      if (status !== expected) wrong.set(status, (wrong.get(status) ?? 0) + 1);
      done();
    };
    const headers = { authorization: `Bearer ${token}` };
    pool.dispatch(
      { path, method: 'GET', headers },
      statusHandler((value) => (status = value), end),
    );
  };
  const call = (done) => {
    const token = idle.pop();
    send(token, 200, () => {
      idle.push(token);
      done();
    });
  };
  const denied = async () => {
    for (const token of tokens.denied) {
      await new Promise((resolve) => send(token, tokens.status, resolve));
    }
  };
  return {
    /** Runs all callers for a time, with denied requests now and then unless `alone` is true. */
    async run(milliseconds, { alone = false } = {}) {
      const over = new AbortController();
      const watch = alone ? undefined : repeat(denied, over.signal);
      const measured = await measure(call, tokens.permitted.length, milliseconds);
      over.abort();
      await watch;
      if (wrong.size > 0) throw new Error(`Wrong statuses: ${JSON.stringify([...wrong])}`);
      return measured;
    },
    close: () => pool.close(),
  };
}

async function repeat(work, signal) {
  while (!signal.aborted) {
    await work();
    await pause(DENIED_EVERY, undefined, { signal }).catch(() => undefined);
  }
}

function statusHandler(onStatus, onEnd) {
  return {
    onRequestStart() {},
    onResponseStart: (_controller, status) => onStatus(status),
    onResponseData() {},
    onResponseEnd: onEnd,
    onResponseError: onEnd,
  };
}
