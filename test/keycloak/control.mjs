import { once } from 'node:events';
import { createServer } from 'node:http';

const ACTIONS = ['start', 'stop', 'freeze', 'resume'];

/** Lets a test start, stop, freeze and resume the server: `POST /stop` responds when it is done. */
export async function startControl(server) {
  const control = createServer((request, response) => {
    const action = request.url?.slice(1);
    if (request.method !== 'POST' || !ACTIONS.includes(action)) {
      response.writeHead(404).end();
      return;
    }
    Promise.resolve(server[action]()).then(
      () => response.writeHead(204).end(),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  control.listen(0, '127.0.0.1');
  await once(control, 'listening');
  return {
    url: `http://127.0.0.1:${control.address().port}`,
    close: () => control.close().closeAllConnections(),
  };
}
