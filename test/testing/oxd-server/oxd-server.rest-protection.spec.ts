import { FakeOp, type Answer } from '../../support/fake-op.js';
import { type RestAnswer, type RestWorld, startRest } from '../../support/rest-world.js';

const SITE = {
  redirect_uris: ['https://client.example/cb'],
  grant_types: ['authorization_code'],
};
const TOKEN = { authorization: 'Bearer a-token' };
const HTML = '<b>bad gateway</b>';

let op: FakeOp;
let world: RestWorld;
let oxd_id: string;
let client_id: string;

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
afterEach(async () => {
  await world.close();
  op.reset();
});

async function register(): Promise<RestAnswer['json']> {
  return (await world.ask('register_site', { ...SITE, op_host: op.issuer })).json;
}

/** Error code and status of an answer; undefined for a success. */
async function outcome(
  params: object,
  headers?: Readonly<Record<string, string>>,
): Promise<unknown> {
  const { status, json } = await world.ask('get_authorization_url', params, headers);
  return status === 200 ? undefined : [json.error ?? json.code, status];
}

const introspection = (changes: object = {}): Answer => ({
  json: { active: true, client_id, scope: 'openid oxd', ...changes },
});

describe.each(['4.2', '4.5'] as const)('OxdServer %s with protected commands', (version) => {
  beforeEach(async () => {
    world = await startRest({ version, protectCommands: true });
    const site = await register();
    oxd_id = String(site.oxd_id);
    client_id = String(site.client_id);
    op.on('introspect', () => introspection());
  });

  it.each([
    'get_authorization_url',
    'get_tokens_by_code',
    'get_access_token_by_refresh_token',
    'get_user_info',
    'get_logout_uri',
    'introspect_access_token',
    'introspect_rpt',
    'uma_rs_protect',
    'uma_rs_modify',
    'uma_rs_check_access',
    'uma_rp_get_rpt',
    'uma_rp_get_claims_gathering_url',
  ])('rejects %s without a token', async (command) => {
    const { status, json } = await world.ask(command, { oxd_id });
    expect([json.error, status]).toEqual(['blank_access_token', 403]);
  });

  it.each(['update_site', 'get_rp', 'remove_site'])(
    'executes %s without a token',
    async (command) => {
      expect((await world.ask(command, { oxd_id })).status).toBe(200);
    },
  );

  it('accepts the token of the site', async () => {
    expect(await outcome({ oxd_id }, TOKEN)).toBeUndefined();
    expect(op.seen('introspect')[0]?.form.get('token')).toBe('a-token');
  });

  it('accepts scopes in a list', async () => {
    op.on('introspect', () => introspection({ scope: ['openid', 'oxd'] }));
    expect(await outcome({ oxd_id }, TOKEN)).toBeUndefined();
  });

  it.each([
    ['that is inactive', { active: false }, 'inactive_access_token', 403],
    ['that is active as text', { active: 'true' }, 'inactive_access_token', 403],
    ['without a client', { client_id: undefined }, 'invalid_introspection_response', 500],
    ['without the scope oxd', { scope: 'openid oxd2' }, 'access_token_insufficient_scope', 403],
    ['without scopes', { scope: undefined }, 'access_token_insufficient_scope', 403],
    ['of another client', { client_id: 'another' }, 'invalid_access_token', 403],
  ])('rejects a token %s', async (_what, changes, error, status) => {
    op.on('introspect', () => introspection(changes));
    expect(await outcome({ oxd_id }, TOKEN)).toEqual([error, status]);
  });

  it.each([
    ['that is empty', '', ['blank_access_token', 403]],
    ['without a token', 'Bearer', [500, 500]],
    ['with a blank token', 'Bearer ', [500, 500]],
    ['of 7 characters', 'Basic x', ['blank_access_token', 403]],
  ])('rejects a header %s', async (_what, authorization, expected) => {
    expect(await outcome({ oxd_id }, { authorization })).toEqual(expected);
  });

  it('does not look at the scheme of the header', async () => {
    expect(await outcome({ oxd_id }, { authorization: 'xxxxxx a-token' })).toBeUndefined();
    expect(op.seen('introspect')[0]?.form.get('token')).toBe('a-token');
  });

  it('ignores a token in the body', async () => {
    const params = { oxd_id, protection_access_token: 'a-token' };
    expect(await outcome(params)).toEqual(['blank_access_token', 403]);
  });

  it.each([
    ['a blank oxd_id', { oxd_id: ' ' }, [500, 500]],
    ['no oxd_id', {}, [500, 500]],
    ['an unknown oxd_id', { oxd_id: 'unknown' }, ['invalid_oxd_id', 400]],
  ])('rejects %s', async (_what, params, expected) => {
    expect(await outcome(params, TOKEN)).toEqual(expected);
  });

  describe('with AuthorizationOxdId', () => {
    it('checks the token of that site', async () => {
      const other = String((await register()).oxd_id);
      const headers = { ...TOKEN, authorizationoxdid: oxd_id };
      expect(await outcome({ oxd_id: other }, headers)).toBeUndefined();
      expect(await outcome({ oxd_id: other }, TOKEN)).toEqual(['invalid_access_token', 403]);
    });

    it('rejects an unknown one', async () => {
      const headers = { ...TOKEN, authorizationoxdid: 'unknown' };
      expect(await outcome({ oxd_id }, headers)).toEqual(['invalid_oxd_id', 400]);
    });
  });

  it.each<[string, Answer, readonly [number, string]]>([
    ['401', { status: 401, json: { error: 'x' } }, [401, '{"error":"x"}']],
    ['HTML', { status: 502, text: HTML }, [502, HTML]],
  ])('passes %s of the introspection on in 4.5 only', async (_what, script, [status, text]) => {
    op.on('introspect', script);
    const answer = await world.ask('get_authorization_url', { oxd_id }, TOKEN);
    const generic = [500, expect.stringMatching(/^\{"code":500,/) as string];
    const expected = version === '4.5' ? [status, text] : generic;
    expect([answer.status, answer.text]).toEqual(expected);
  });

  it.each<[string, Answer]>([
    ['no JSON', { text: 'x' }],
    ['no response', { drop: true }],
  ])('reports %s of the introspection as a failure of the web framework', async (_what, script) => {
    op.on('introspect', script);
    expect(await outcome({ oxd_id }, TOKEN)).toEqual([500, 500]);
  });
});

describe('OxdServer 4.5 without protection', () => {
  it('checks AuthorizationOxdId, and no token', async () => {
    world = await startRest({ version: '4.5' });
    oxd_id = String((await register()).oxd_id);
    expect(await outcome({ oxd_id }, { authorization: 'Bearer' })).toBeUndefined();
    const headers = { authorizationoxdid: 'unknown' };
    expect(await outcome({ oxd_id }, headers)).toEqual(['invalid_oxd_id', 400]);
    expect(op.seen('introspect')).toEqual([]);
  });
});
