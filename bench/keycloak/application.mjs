import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * Starts the application of a contestant in its own process.
 *
 * @param keycloak `{ url, realm, client, secret }` and the route, for the program
 * @returns address, CPU seconds so far, and `close()`
 */
export async function startApplication({ program, options }, keycloak) {
  const child = fork(
    new URL(program, import.meta.url),
    [JSON.stringify({ ...keycloak, options })],
    {
      env: { ...process.env, NODE_ENV: 'production' },
    },
  );
  const [started] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => [{ error: `${program} ended while it started` }]),
  ]);
  if (started.error) throw new Error(started.error);
  return {
    origin: started.origin,
    /** CPU time of the process so far, in microseconds. */
    async cpu() {
      child.send('cpu');
      const [{ user, system }] = await once(child, 'message');
      return user + system;
    },
    async close() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
