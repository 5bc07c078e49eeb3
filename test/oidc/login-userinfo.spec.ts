import { OxdCommandError, type LoginOptions, type OxdTransport } from '../../lib/index.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { FakeOp } from '../support/fake-op.js';
import { closing } from '../support/closing.js';
import { cookieHeader, startService } from '../support/oidc-service.js';
import { registerSecret } from '../support/secrets.js';

const op = await FakeOp.start();

afterEach(() => op.reset());
afterAll(() => op.close());

/** Logs alice in; returns the error of a login that fails. */
async function logIn(login?: LoginOptions, transport?: OxdTransport) {
  const options = { ...(login && { login }), ...(transport && { transport }) };
  const { oidc } = closing(await startService({ site: { op_host: op.issuer }, ...options }));
  const { url, cookies } = await oidc.startLogin();
  const finishing = oidc.finishLogin(op.login(url), cookieHeader(cookies));
  return finishing.catch((error: unknown) => error);
}

const WITHOUT_USERINFO = { userinfo_endpoint: undefined };

describe('a login at a provider without userinfo endpoint', () => {
  beforeEach(() => {
    op.discovery = WITHOUT_USERINFO;
    op.claims = { email: 'alice@example.com' };
  });

  it.each([
    { name: 'not set', login: undefined },
    { name: 'false', login: { userinfo: false } },
  ])('takes the user from the id_token with login.userinfo $name', async ({ login }) => {
    expect(await logIn(login)).toMatchObject({
      user: { sub: 'alice', claims: { iss: op.issuer, email: 'alice@example.com' } },
    });
    expect(op.seen('userinfo')).toHaveLength(0);
  });

  it('is rejected with login.userinfo true', async () => {
    const rejected = await logIn({ userinfo: true });
    expect(rejected).toBeInstanceOf(OxdCommandError);
    expect(rejected).toMatchObject({ error: 'unsupported_operation', command: 'get_user_info' });
    expect(op.seen('userinfo')).toHaveLength(0);
  });
});

describe('a login at a provider with userinfo endpoint', () => {
  it.each([
    { name: 'not set', login: undefined },
    { name: 'true', login: { userinfo: true } },
  ])(
    'requests userinfo and prefers claims of the id_token with login.userinfo $name',
    async ({ login }) => {
      op.claims = { locale: 'de' };
      op.on('userinfo', { json: { sub: 'alice', name: 'Alice', locale: 'fr' } });
      expect(await logIn(login)).toMatchObject({
        user: { claims: { name: 'Alice', locale: 'de' } },
      });
      expect(op.seen('userinfo')).toHaveLength(1);
    },
  );

  it('does not request userinfo with login.userinfo false', async () => {
    const { user } = (await logIn({ userinfo: false })) as { user: { claims: object } };
    expect(user.claims).not.toHaveProperty('name');
    expect(op.seen('userinfo')).toHaveLength(0);
  });

  it.each([
    { name: 'is down', response: { status: 500 } },
    { name: 'rejects the token', response: { status: 401 } },
    {
      name: 'returns the error code of a missing endpoint',
      response: { status: 400, json: { error: 'unsupported_operation' } },
    },
    { name: 'returns another user', response: { json: { sub: 'bob' } } },
  ])('is rejected when the endpoint $name', async ({ response }) => {
    op.on('userinfo', response);
    expect(await logIn()).toMatchObject({
      code: 'OXD_COMMAND_FAILED',
      cookies: [expect.anything()],
    });
  });
});

describe('a login through a transport without get_user_info', () => {
  const tokens = { access_token: 'access-token-of-alice', id_token: 'id-token-of-alice' };
  const state = 'the-state-of-a-login-of-alice';
  [state, ...Object.values(tokens)].forEach(registerSecret);
  const claims = { sub: 'alice', iss: op.issuer, aud: 'client', iat: 1, exp: 2 };

  class ScriptedOxd extends ScriptedTransport {
    override readonly version = '3.1.4';
  }

  function scripted(transport: ScriptedTransport, id_token_claims: object): ScriptedTransport {
    transport.script({
      register_site: { oxd_id: 'site-1', op_host: op.issuer },
      get_authorization_url: { authorization_url: `${op.issuer}/auth?state=${state}` },
      get_tokens_by_code: { ...tokens, id_token_claims: id_token_claims as typeof claims },
    });
    return transport;
  }

  it('is rejected when the transport does not know the command', async () => {
    const rejected = await logIn(undefined, scripted(new ScriptedTransport(), claims));
    expect(rejected).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', command: 'get_user_info' });
  });

  it('is rejected when oxd does not know the command', async () => {
    const lists = Object.entries(claims).map(([name, value]) => [name, [String(value)]]);
    const oxd = scripted(new ScriptedOxd(), Object.fromEntries(lists));
    oxd.script({
      get_user_info: new OxdCommandError('unknown', { error: 'unsupported_operation' }),
    });
    expect(await logIn(undefined, oxd)).toMatchObject({ error: 'unsupported_operation' });
    expect(oxd.calls.map(({ command }) => command)).toContain('get_user_info');
  });
});
