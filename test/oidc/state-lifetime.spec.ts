import { LoginStateError, type OxdModuleOptions, type OxdVersion } from '../../lib/index.js';
import { resolveOptions } from '../../lib/options/oxd.options.js';
import { OxdServer, ScriptedTransport } from '../../lib/testing/testing.js';
import { closing } from '../support/closing.js';
import { FakeOp } from '../support/fake-op.js';
import { cookieHeader, startService } from '../support/oidc-service.js';
import { registerSecret } from '../support/secrets.js';

const op = await FakeOp.start();
let now = Date.now();
const oxd = await OxdServer.start({
  allowInsecureRequests: true,
  onSecret: registerSecret,
  clock: () => now,
});

afterAll(async () => {
  await oxd.close();
  await op.close();
});

class ScriptedOxd extends ScriptedTransport {
  override readonly version: OxdVersion = '3.1.1';
}

const site = {
  op_host: 'https://op.example.com',
  authorization_redirect_uri: 'https://app.example.com/callback',
};

describe('login.stateLifetime', () => {
  it.each<{ name: string; given: Partial<OxdModuleOptions>; expected: number }>([
    { name: '30 minutes by default', given: {}, expected: 1_800_000 },
    { name: 'as set', given: { login: { stateLifetime: 60_000 } }, expected: 60_000 },
    { name: '5 minutes on oxd', given: { transport: { type: 'socket' } }, expected: 300_000 },
    {
      name: 'at most 5 minutes on oxd',
      given: { transport: { type: 'socket' }, login: { stateLifetime: 900_000 } },
      expected: 300_000,
    },
    {
      name: 'as set on oxd if below 5 minutes',
      given: { transport: { type: 'socket' }, login: { stateLifetime: 60_000 } },
      expected: 60_000,
    },
    {
      name: '5 minutes through a custom transport to oxd',
      given: { transport: new ScriptedOxd() },
      expected: 300_000,
    },
    {
      name: '30 minutes through another custom transport',
      given: { transport: new ScriptedTransport() },
      expected: 1_800_000,
    },
  ])('is $name', ({ given, expected }) => {
    expect(resolveOptions({ site, ...given }, 'test').login.stateLifetime).toBe(expected);
  });

  it.each([
    { name: 'a warning on oxd', stateLifetime: 300_001, count: 1 },
    { name: 'no warning on oxd within the limit', stateLifetime: 300_000, count: 0 },
  ])('causes $name', async ({ stateLifetime, count }) => {
    const { warnings } = closing(
      await startService({
        site: { op_host: op.issuer },
        transport: { type: 'socket', port: oxd.port },
        login: { stateLifetime },
      }),
    );
    const matching = warnings.filter((line) => line.startsWith('login.stateLifetime is limited'));
    expect(matching).toHaveLength(count);
  });
});

describe('a login whose state oxd-server no longer has', () => {
  it('is rejected as expired, and is over', async () => {
    const transport = { type: 'socket', port: oxd.port } as const;
    const { oidc } = closing(await startService({ site: { op_host: op.issuer }, transport }));
    const { url, cookies } = await oidc.startLogin();
    const callback = op.login(url);
    now += 300_001;
    const finish = () => oidc.finishLogin(callback, cookieHeader(cookies));
    const rejected = await finish().catch((error: unknown) => error);
    expect(rejected).toBeInstanceOf(LoginStateError);
    expect(rejected).toMatchObject({
      code: 'OIDC_STATE_EXPIRED',
      cookies: [expect.stringContaining('Max-Age=0')],
      cause: { error: 'bad_request' },
    });
    await expect(finish()).rejects.toMatchObject({ code: 'OIDC_STATE_USED' });
  });

  it('is a failed command when oxd responds with another error code', async () => {
    const transport = { type: 'socket', port: oxd.port } as const;
    const { oidc } = closing(await startService({ site: { op_host: op.issuer }, transport }));
    const { url, cookies } = await oidc.startLogin();
    const callback = op.login(url);
    op.on('token', { status: 400, json: { error: 'invalid_grant' } });
    const finishing = oidc.finishLogin(callback, cookieHeader(cookies));
    await expect(finishing).rejects.toMatchObject({ code: 'OXD_COMMAND_FAILED' });
    op.reset();
  });
});
