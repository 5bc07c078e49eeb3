import { OxdClient } from '../../lib/oxd-client/oxd-client.js';
import { NeedInfoError, OxdCommandError } from '../../lib/base/errors.js';
import { MemoryStore } from '../../lib/store/oxd-store.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';

const claims = { sub: 'alice', roles: ['a'] };

describe('ScriptedTransport', () => {
  it('answers with the scripted result, a copy each time', async () => {
    const transport = new ScriptedTransport({ get_user_info: { claims } });
    const first = await transport.execute('get_user_info', {});
    expect(first).toEqual({ claims });
    expect(first).not.toBe(await transport.execute('get_user_info', {}));
    expect((first as { claims: object }).claims).not.toBe(claims);
  });

  it('answers with what a function makes of the params', async () => {
    const transport = new ScriptedTransport({
      get_user_info: async ({ access_token }) => ({ claims: { sub: `user of ${access_token}` } }),
    });
    expect(await transport.execute('get_user_info', { access_token: 'one' })).toEqual({
      claims: { sub: 'user of one' },
    });
  });

  it('raises a scripted error, or what the function throws', async () => {
    const refused = new OxdCommandError('refused', { error: 'invalid_token' });
    const transport = new ScriptedTransport({
      get_user_info: refused,
      get_logout_uri: () => {
        throw refused;
      },
    });
    await expect(transport.execute('get_user_info', {})).rejects.toBe(refused);
    await expect(transport.execute('get_logout_uri', {})).rejects.toBe(refused);
  });

  it('answers as the commands of UMA do', async () => {
    const header = 'UMA realm="rs",as_uri="https://op.example",ticket="a ticket"';
    const denied = {
      access: 'denied',
      ticket: 'a ticket',
      'www-authenticate_header': header,
    } as const;
    const transport = new ScriptedTransport({
      register_site: { oxd_id: 'the-site', op_host: 'https://op.example' },
      uma_rs_check_access: ({ rpt }) => (rpt === 'good' ? { access: 'granted' } : denied),
      uma_rp_get_rpt: new NeedInfoError({ error: 'need_info', ticket: 'another' }),
    });
    const client = clientOf(transport);
    const request = { path: '/photo', http_method: 'GET' };
    expect(await client.execute('uma_rs_check_access', { ...request, rpt: 'good' })).toEqual({
      access: 'granted',
    });
    expect(await client.execute('uma_rs_check_access', request)).toEqual(denied);
    await expect(client.execute('uma_rp_get_rpt', { ticket: 'a ticket' })).rejects.toMatchObject({
      code: 'UMA_NEED_INFO',
      ticket: 'another',
    });
  });

  it('takes another script later', async () => {
    const transport = new ScriptedTransport({ get_user_info: { claims } });
    transport.script({ get_user_info: { claims: { sub: 'bob' } } });
    expect(await transport.execute('get_user_info', {})).toEqual({ claims: { sub: 'bob' } });
  });

  it.each(['remove_site', 'constructor', '__proto__'])(
    'names %s where nothing is scripted for it',
    async (command) => {
      const transport = new ScriptedTransport({ get_user_info: { claims } });
      await expect(transport.execute(command, {})).rejects.toMatchObject({
        code: 'OXD_COMMAND_UNSUPPORTED',
        command,
        mayHaveRun: false,
        message: expect.stringContaining(command),
      });
    },
  );

  it('keeps every call as it was', async () => {
    const transport = new ScriptedTransport({ get_user_info: { claims } });
    const params = { access_token: 'one' };
    await transport.execute('get_user_info', params);
    params.access_token = 'changed';
    await transport.execute('remove_site', { oxd_id: 'id' }).catch(() => undefined);
    expect(transport.calls).toEqual([
      { command: 'get_user_info', params: { access_token: 'one' } },
      { command: 'remove_site', params: { oxd_id: 'id' } },
    ]);
  });

  it('rejects with the reason of an aborted signal', async () => {
    const transport = new ScriptedTransport({ get_user_info: { claims } });
    const reason = new Error('given up');
    const signal = AbortSignal.abort(reason);
    await expect(transport.execute('get_user_info', {}, { signal })).rejects.toBe(reason);
    expect(transport.calls).toEqual([]);
  });

  it('carries the services', async () => {
    const transport = new ScriptedTransport({
      register_site: ({ op_host }) => ({ oxd_id: 'the-site', op_host }),
      get_user_info: { claims },
    });
    const client = clientOf(transport);
    expect(await client.execute('get_user_info', { access_token: 'one' })).toEqual({ claims });
    expect(transport.calls.map(({ command }) => command)).toEqual([
      'register_site',
      'get_user_info',
    ]);
    await transport.close();
  });
});

function clientOf(transport: ScriptedTransport): OxdClient {
  return new OxdClient({
    transport,
    site: {
      op_host: 'https://op.example',
      authorization_redirect_uri: 'https://app.example/callback',
    },
    store: new MemoryStore(),
    log: { warn: () => undefined, error: () => undefined },
  });
}
