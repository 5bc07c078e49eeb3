// An authorization server in its own process that closes idle connections without notice: no
// `Keep-Alive` header, no `Connection: close`. It closes a connection with three responses when the
// next request arrives: for the client this is a connection that was closed a moment earlier. Messages
// to the parent: `{ origin }` at start, and `{ counts }` for every message it receives.
import { createServer } from 'node:http';

const MAX_RESPONSES = 3;
const counts = { connections: 0, requests: 0, repeated: 0, closed: 0, tickets: 0 };
const responses = new WeakMap();

const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  const { socket } = request;
  if (responses.get(socket) === MAX_RESPONSES) return close(socket);
  counts.requests += 1;
  if (request.headers.connection === 'close') counts.repeated += 1;
  request.resume().on('end', () => answer(request, response));
  response.on('finish', () => responses.set(socket, (responses.get(socket) ?? 0) + 1));
});

function close(socket) {
  counts.closed += 1;
  socket.destroy();
}

server.on('connection', () => (counts.connections += 1));
server.listen(0, '127.0.0.1', () => process.send({ origin: origin() }));
process.on('message', () => process.send({ counts }));
process.on('disconnect', () => process.exit());

function origin() {
  return `http://127.0.0.1:${server.address().port}`;
}

function answer({ url, method }, response) {
  const [status, body] = bodyOf(url, method);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function bodyOf(url, method) {
  const issuer = origin();
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const permissions = [{ resource_id: 'photo-1', resource_scopes: ['view'], exp }];
  switch (url) {
    case '/.well-known/uma2-configuration':
    case '/.well-known/openid-configuration':
      return [200, metadata(issuer)];
    case '/token':
      return [200, { access_token: `pat-${exp}`, token_type: 'Bearer', expires_in: 3600 }];
    case '/resource':
      return method === 'POST' ? [201, { _id: 'photo-1' }] : [200, []];
    case '/permission':
      counts.tickets += 1;
      return [201, { ticket: `ticket-${counts.tickets}` }];
    case '/introspect':
      return [200, { active: true, exp, permissions }];
    default:
      return [404, {}];
  }
}

function metadata(issuer) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    permission_endpoint: `${issuer}/permission`,
    resource_registration_endpoint: `${issuer}/resource`,
    introspection_endpoint: `${issuer}/introspect`,
    scopes_supported: ['openid', 'uma_protection'],
  };
}
