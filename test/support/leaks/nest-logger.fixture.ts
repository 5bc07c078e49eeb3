import { ConsoleLogger, Logger } from '@nestjs/common';
import { registerSecret } from '../secrets.js';

it('logs an error whose cause holds a secret, base64-encoded', () => {
  registerSecret('client-secret-in-a-header');
  const header = Buffer.from('client:client-secret-in-a-header').toString('base64');
  Logger.overrideLogger(new ConsoleLogger());
  new Logger('Test').error(new Error('refused', { cause: { header } }));
  expect(header).not.toContain('secret');
});
