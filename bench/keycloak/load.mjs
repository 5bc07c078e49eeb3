import { setTimeout as pause } from 'node:timers/promises';

const DENIED_EVERY = 500;

/**
 * Callers of one route for a time, with denied requests now and then. Each request in flight has its
 * own token: otherwise an application could share the work for requests with the same token.
 *
 * @param load process of `support/load.mjs`
 * @param route `{ port, path }`
 * @param tokens `{ permitted, denied, status }`; as many callers as permitted tokens
 * @param onOpen called after the first request of each caller, which is not measured
 * @throws {Error} when a response has another status than its token demands
 */
export async function runCallers({ load, route, tokens }, milliseconds, onOpen) {
  const requests = tokens.permitted.map((token) => requestOf(route, token));
  await load.ask({ name: 'open', port: route.port, requests, status: '200' });
  await onOpen?.();
  const over = new AbortController();
  const [measured] = await Promise.all([
    load.ask({ name: 'run', milliseconds }).finally(() => over.abort()),
    repeat(() => expectDenials(route, tokens), over.signal),
  ]);
  await load.ask({ name: 'close' });
  return measured;
}

function requestOf({ port, path }, token) {
  const headers = [`host: 127.0.0.1:${port}`, `authorization: Bearer ${token}`];
  return [`GET ${path} HTTP/1.1`, ...headers, '', ''].join('\r\n');
}

async function expectDenials({ port, path }, { denied, status: expected }) {
  for (const token of denied) {
    const headers = { authorization: `Bearer ${token}` };
    const { status } = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    if (status !== expected) throw new Error(`Expected status ${expected} for carol: ${status}.`);
  }
}

async function repeat(work, signal) {
  while (!signal.aborted) {
    await work();
    await pause(DENIED_EVERY, undefined, { signal }).catch(() => undefined);
  }
}
