import { inspect } from 'node:util';
import { OxdCommandError } from '../../lib/index.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { closing } from '../support/closing.js';
import { startService } from '../support/oidc-service.js';
import { registerSecret } from '../support/secrets.js';

const command = 'get_access_token_by_refresh_token';
const refresh_token = 'refresh-token-of-alice';
registerSecret(refresh_token);

/** Service on a transport that issues a new access token each time. */
async function startedService() {
  const transport = new ScriptedTransport();
  let nth = 0;
  transport.script({
    [command]: () => {
      const access_token = `access-token-number-${(nth += 1)}`;
      registerSecret(access_token);
      return { access_token };
    },
  });
  const site = { op_host: 'https://op.example.com', oxd_id: 'site-1' };
  return { ...closing(await startService({ site, transport })), transport };
}

describe('getAccessTokenByRefreshToken()', () => {
  it('returns the result of a refresh for 10 seconds, without sending the old token again', async () => {
    const { oidc, transport, clock } = await startedService();
    const first = await oidc.getAccessTokenByRefreshToken({ refresh_token });
    await clock.advance(9_999);
    expect(await oidc.getAccessTokenByRefreshToken({ refresh_token })).toEqual(first);
    expect(transport.calls).toHaveLength(1);
    await clock.advance(1);
    expect(await oidc.getAccessTokenByRefreshToken({ refresh_token })).not.toEqual(first);
    expect(transport.calls).toHaveLength(2);
  });

  it('sends another refresh token', async () => {
    const { oidc, transport } = await startedService();
    await oidc.getAccessTokenByRefreshToken({ refresh_token });
    await oidc.getAccessTokenByRefreshToken({ refresh_token: `${refresh_token}-2` });
    expect(transport.calls).toHaveLength(2);
  });

  it('shares no result with a call for another id_token, which must be compared', async () => {
    const { oidc, transport } = await startedService();
    await oidc.getAccessTokenByRefreshToken({ refresh_token, id_token: 'of-alice' });
    await oidc.getAccessTokenByRefreshToken({ refresh_token, id_token: 'of-mallory' });
    expect(transport.calls.map(({ params }) => params.id_token)).toEqual([
      'of-alice',
      'of-mallory',
    ]);
  });

  it('shares no result with a call for another site', async () => {
    const { oidc, transport } = await startedService();
    await oidc.getAccessTokenByRefreshToken({ refresh_token, oxd_id: 'site-1' });
    await oidc.getAccessTokenByRefreshToken({ refresh_token, oxd_id: 'site-2' });
    expect(transport.calls.map(({ params }) => params.oxd_id)).toEqual(['site-1', 'site-2']);
  });

  it('shares the result of a refresh that registered the site again', async () => {
    let sites = 0;
    const transport = new ScriptedTransport({
      register_site: () => ({ oxd_id: `site-${(sites += 1)}`, op_host: 'https://op.example.com' }),
      [command]: ({ oxd_id }) => {
        if (oxd_id === 'site-1') throw new OxdCommandError('lost', { error: 'invalid_oxd_id' });
        return { access_token: 'access-token-of-the-new-site' };
      },
    });
    const site = { op_host: 'https://op.example.com', client_id: 'c', client_secret: 'd' };
    const { oidc } = closing(await startService({ site, transport }));
    const first = await oidc.getAccessTokenByRefreshToken({ refresh_token });
    expect(await oidc.getAccessTokenByRefreshToken({ refresh_token })).toEqual(first);
    const sent = transport.calls.filter((call) => call.command === command);
    expect(sent.map(({ params }) => params.oxd_id)).toEqual(['site-1', 'site-2']);
  });

  it('retains no error', async () => {
    const { oidc, transport } = await startedService();
    transport.script({ [command]: new OxdCommandError('down', { error: 'internal_error' }) });
    await expect(oidc.getAccessTokenByRefreshToken({ refresh_token })).rejects.toThrow('down');
    transport.script({ [command]: { access_token: 'access-token-after-the-outage' } });
    expect(await oidc.getAccessTokenByRefreshToken({ refresh_token })).toHaveProperty(
      'access_token',
    );
  });

  it('retains 1000 results at most, the latest ones', async () => {
    const { oidc, transport, clock } = await startedService();
    const refresh = (nth: number) =>
      oidc.getAccessTokenByRefreshToken({ refresh_token: `${refresh_token}-${nth}` });
    for (let nth = 0; nth <= 1000; nth++) await refresh(nth);
    expect(clock.waiting).toHaveLength(1000);
    await refresh(1);
    expect(transport.calls).toHaveLength(1001);
    await refresh(0);
    expect(transport.calls).toHaveLength(1002);
    await clock.advance(10_000);
    expect(clock.waiting).toEqual([]);
  });

  it('retains results where a printed service does not show them', async () => {
    const { oidc } = await startedService();
    const { access_token } = await oidc.getAccessTokenByRefreshToken({ refresh_token });
    const printed = inspect(oidc, { depth: 10, showHidden: true });
    expect(printed).not.toContain(access_token);
    expect(printed).not.toContain(refresh_token);
  });
});
