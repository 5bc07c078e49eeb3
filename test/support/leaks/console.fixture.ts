import { registerSecret } from '../secrets.js';

const token = ['eyJhbGciOiJub25lIn0', 'e30', ''].join('.');

it('logs an object that holds a token, before the token is registered', () => {
  console.log({ nested: { token } });
  registerSecret(token);
  expect(token).toHaveLength(24);
});
