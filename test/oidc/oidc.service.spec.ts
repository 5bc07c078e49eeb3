import { Test } from '@nestjs/testing';
import { MemoryStore, OidcService, OxdCommandError, OxdError, OxdModule } from '../../lib/index.js';
import { ScriptedTransport, type ScriptedReplies } from '../../lib/testing/testing.js';
import { registerSecret } from '../support/secrets.js';

const site = {
  op_host: 'https://op.example.com',
  authorization_redirect_uri: 'https://app.example.com/callback',
};

async function serviceOn(replies: ScriptedReplies, oxd_id?: string) {
  const transport = new ScriptedTransport(replies);
  const module = await Test.createTestingModule({
    imports: [
      OxdModule.forRoot({
        site: { ...site, ...(oxd_id && { oxd_id }) },
        transport,
        secret: 'a test secret of more than 32 characters',
        store: new MemoryStore(),
      }),
    ],
  }).compile();
  module.useLogger(false);
  await module.init();
  return { oidc: module.get(OidcService), transport, module };
}

it('a refresh token is used once, whatever its callers name beside it', async () => {
  const refresh_token = 'refresh-token-of-one-session';
  registerSecret(refresh_token);
  const { oidc, transport, module } = await serviceOn(
    { get_access_token_by_refresh_token: { access_token: 'the-new-access-token' } },
    'site-1',
  );
  const results = await Promise.all([
    oidc.getAccessTokenByRefreshToken({ refresh_token }),
    oidc.getAccessTokenByRefreshToken({ refresh_token, scope: ['openid'] }),
    oidc.getAccessTokenByRefreshToken({ oxd_id: 'site-1', refresh_token }),
    oidc.getAccessTokenByRefreshToken({ scope: ['openid', 'email'], refresh_token }),
  ]);
  expect(new Set(results.map(({ access_token }) => access_token)).size).toBe(1);
  expect(transport.calls).toHaveLength(1);
  await module.close();
});

it('two callbacks that meet the same outage each remove their own cookie', async () => {
  const states = ['state-of-the-first', 'state-of-the-second'];
  states.forEach(registerSecret);
  let nth = 0;
  const { oidc, transport, module } = await serviceOn({
    register_site: { oxd_id: 'site-1', op_host: site.op_host },
    get_authorization_url: () => ({
      authorization_url: `${site.op_host}/auth?state=${states[nth++]}`,
    }),
    // One error for all, as callers get who waited for the same work.
    get_tokens_by_code: new OxdCommandError('down', { error: 'internal_error' }),
  });
  const begun = [await oidc.startLogin(), await oidc.startLogin()];
  const jars = begun.map(({ cookies }) => cookies.map((cookie) => cookie.split(';')[0]).join('; '));
  const refused = await Promise.all(
    jars.map((jar, at) =>
      oidc.finishLogin({ state: states[at] ?? '', code: 'a-code' }, jar).then(
        () => undefined,
        (error: unknown) => error as OxdError,
      ),
    ),
  );
  const removed = refused.map((error) => (error as OxdError).cookies?.[0]?.split('=')[0]);
  expect(removed).toEqual(jars.map((jar) => jar.split('=')[0]));
  expect(refused.map((error) => error instanceof OxdError)).toEqual([true, true]);
  expect(transport.calls.filter(({ command }) => command === 'get_tokens_by_code')).toHaveLength(2);
  await module.close();
});
