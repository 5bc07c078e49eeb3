import { MemoryStore, type OxdModuleOptions } from '../../lib/index.js';
import { resolveOptions } from '../../lib/options/oxd.options.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { checkLimit } from '../../lib/routes/check-timeout.js';
import { SITE } from '../support/uma-app.js';

const MAX_TIMER_DELAY = 2 ** 31 - 1;
const HTTPS = { type: 'https', url: 'https://oxd.example.com', version: '4.5' } as const;

it.each<[string, OxdModuleOptions['transport'], number]>([
  ['twice the default of embedded', undefined, 20_000],
  ['twice the configured timeout of embedded', { type: 'embedded', timeout: 700 }, 1400],
  ['twice the default of the socket', { type: 'socket' }, 60_000],
  ['twice the configured timeout of the socket', { type: 'socket', timeout: 700 }, 1400],
  ['twice the default of https', HTTPS, 60_000],
  ['twice the configured timeout of https', { ...HTTPS, timeout: 700 }, 1400],
  ['a minute with a custom transport', new ScriptedTransport(), 60_000],
  ['at most the longest timer', { type: 'embedded', timeout: MAX_TIMER_DELAY }, MAX_TIMER_DELAY],
])('the limit of a check is %s', (_, transport, limit) => {
  const options = { site: SITE, secret: 'a test secret of more than 32 characters', transport };
  expect(checkLimit(resolveOptions({ ...options, store: new MemoryStore() }))).toBe(limit);
});
