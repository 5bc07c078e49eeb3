import { registerSecret } from '../secrets.js';

const onConsole = ['oidc-provider WARNING: noise', 'secret-of-console'].join(' ');
const toStderr = ['oidc-provider NOTICE: noise', 'secret-to-stderr'].join(' ');

/** Far from the strings: Jest shows the lines around it. */
function print(): void {
  registerSecret(onConsole.slice(-17));
  registerSecret(toStderr.slice(-16));
  console.warn(onConsole);
  process.stderr.write(`${toStderr}\n`);
}

it('hides a secret in what is not shown', () => {
  print();
  expect(console).toBeDefined();
});
