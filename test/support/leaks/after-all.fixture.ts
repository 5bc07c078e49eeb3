import { registerSecret } from '../secrets.js';

const state = ['state', 'of+a login'].join('/');

afterAll(() => {
  registerSecret(state);
  console.warn(
    `https://app.test/?next=${encodeURIComponent(`/?state=${encodeURIComponent(state)}`)}`,
  );
});

it('passes, and prints in a hook', () => {
  expect(state).toHaveLength(16);
});
