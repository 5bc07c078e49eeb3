import { registerSecret } from '../secrets.js';

it('prints what is no secret', () => {
  registerSecret('never-printed-anywhere');
  console.warn('oidc-provider WARNING: noise');
  console.log('nothing to hide');
  process.stderr.write('oidc-provider NOTICE: noise\n');
  process.stdout.write('never-printed-\n');
  expect(console).toBeDefined();
});
