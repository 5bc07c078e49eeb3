import { registerSecret } from '../secrets.js';

it('writes a code to stdout in two pieces', () => {
  registerSecret('code-on-stdout');
  process.stdout.write('code=code-on');
  expect(process.stdout.write('-stdout\n')).toBeDefined();
});
