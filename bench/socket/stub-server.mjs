// An oxd-server that sends one prepared reply to every command immediately. Runs in its own process
// and sends its port to the parent.
import { createServer } from 'node:net';
import { frameOf, isFrame } from '../support/frames.mjs';
import { listen, replying } from '../support/raw-server.mjs';

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

const server = createServer(replying(isFrame, frameOf({ status: 'ok', data })));
process.send?.(await listen(server));
process.once('disconnect', () => process.exit());
