// An oxd-server that sends one prepared reply to every command immediately. Runs in its own process
// and sends its port to the parent.
import { createServer } from 'node:net';

const data = {
  claims: {
    sub: ['248289761001'],
    name: ['Jane Doe'],
    given_name: ['Jane'],
    family_name: ['Doe'],
    email: ['janedoe@example.com'],
    email_verified: ['true'],
    updated_at: ['1700000000'],
  },
  refresh_token: null,
  access_token: null,
};
const text = JSON.stringify({ status: 'ok', data });
const reply = Buffer.from(String(text.length).padStart(4, '0') + text);

// The requests of the benchmark are ASCII: each character is one byte.
const server = createServer({ noDelay: true }, (socket) => {
  let read = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    read += bytes.latin1Slice();
    if (read.length < 4 || read.length < 4 + Number(read.slice(0, 4))) return;
    read = '';
    socket.write(reply);
  });
});

server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  process.send?.(server.address().port);
});
process.once('disconnect', () => process.exit());
