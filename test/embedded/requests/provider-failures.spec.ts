import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { registerSecret, secretsIn } from '../../support/secrets.js';
import type { OxdCommandError } from '../../../lib/base/errors.js';
import { FakeOp, type Answer, type Endpoint } from '../../support/fake-op.js';
import { limitEndedBy, rejectionOf, TestTransport } from '../../support/embedded-transport.js';

interface At {
  readonly op: FakeOp;
  readonly transport: TestTransport;
  readonly oxd_id: string;
}

let op: FakeOp;
let transport: TestTransport;

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(() => {
  op.reset();
  transport = new TestTransport();
});
afterEach(() => TestTransport.closeAll());

registerSecret('quoted-secret-1');
const access_token = 'access-token-of-a-user-1';
const refresh_token = 'refresh-token-of-a-user-1';
registerSecret(access_token);
registerSecret(refresh_token);

type Run = () => Promise<unknown>;

/** Command, its endpoint, true if the command changes data there, and its preparation. */
const COMMANDS: readonly [string, Endpoint, boolean, (at: At) => Run | Promise<Run>][] = [
  [
    'get_tokens_by_code',
    'token',
    true,
    async ({ transport, op, oxd_id }) => {
      const callback = await transport.callback(op, oxd_id);
      return () => transport.run('get_tokens_by_code', callback);
    },
  ],
  [
    'get_access_token_by_refresh_token',
    'token',
    true,
    ({ transport, oxd_id }) =>
      () =>
        transport.run('get_access_token_by_refresh_token', { oxd_id, refresh_token }),
  ],
  [
    'get_client_token',
    'token',
    true,
    ({ transport, op: { issuer: op_host } }) =>
      () =>
        transport.run('get_client_token', { op_host, client_id: 'c', client_secret: 's3' }),
  ],
  [
    'register_site',
    'register',
    true,
    ({ transport, op }) =>
      () =>
        transport.site(op),
  ],
  [
    'update_site',
    'client',
    true,
    ({ transport, oxd_id }) =>
      () =>
        transport.run('update_site', { oxd_id, client_name: 'New name' }),
  ],
  [
    'get_user_info',
    'userinfo',
    false,
    ({ transport, oxd_id }) =>
      () =>
        transport.run('get_user_info', { oxd_id, access_token }),
  ],
  [
    'introspect_access_token',
    'introspect',
    false,
    ({ transport, oxd_id }) =>
      () =>
        transport.run('introspect_access_token', { oxd_id, access_token }),
  ],
];

const oauth = (error: string) => ({ error, error_description: 'about quoted-secret-1' });

/** Response, expected error code, and true if the request may have been executed. */
const ANSWERS: readonly [string, Answer, RegExp, boolean][] = [
  ['400 with an error', { status: 400, json: oauth('invalid_grant') }, /^invalid_grant$/, false],
  ['401 with an error', { status: 401, json: oauth('invalid_client') }, /^invalid_client$/, false],
  [
    '401 with a challenge',
    {
      status: 401,
      text: '',
      headers: { 'www-authenticate': 'Bearer error="invalid_token", error_description="gone"' },
    },
    /^invalid_token$/,
    false,
  ],
  ['401 without a body', { status: 401, text: '' }, /^invalid_(token|client)$/, false],
  ['403 with a page', { status: 403, text: '<h1>quoted-secret-1</h1>' }, /^internal_error$/, false],
  ['429 with an error', { status: 429, json: oauth('slow_down') }, /^slow_down$/, false],
  ['500 with an error', { status: 500, json: oauth('server_error') }, /^server_error$/, true],
  ['502 with a page', { status: 502, text: '<h1>bad gateway</h1>' }, /^internal_error$/, true],
  ['503 without a body', { status: 503, text: '' }, /^internal_error$/, true],
  [
    'a redirect',
    { status: 302, text: '', headers: { location: 'https://evil.example/' } },
    /^internal_error$/,
    true,
  ],
  ['200 with text', { status: 200, text: 'quoted-secret-1' }, /^internal_error$/, true],
  ['200 with a list', { status: 200, json: ['quoted-secret-1'] }, /^(no_|internal_error)/, true],
  ['200 with null', { status: 200, json: null }, /^(no_|internal_error)/, true],
  ['200 with an empty object', { status: 200, json: {} }, /^(no_|internal_error)/, true],
  ['no response', { hang: true }, /^internal_error$/, true],
  ['a broken connection', { drop: true }, /^internal_error$/, true],
  [
    'more than it may',
    { status: 200, text: 'x'.repeat(1024 * 1024 + 1) },
    /^internal_error$/,
    true,
  ],
];

describe.each(COMMANDS)('%s', (command, endpoint, changes, prepare) => {
  it.each(ANSWERS)('fails when the provider returns %s', async (_, answer, code, ran) => {
    const limit = limitEndedBy(op);
    transport = new TestTransport(limit);
    const run = await prepare({ op, transport, oxd_id: await transport.site(op) });
    const before = op.seen(endpoint).length;
    op.on(endpoint, answer);
    const error = await rejectionOf(run());
    // A request that changes nothing is repeated once.
    const times = answer.drop && !changes ? 2 : 1;
    expect(op.seen(endpoint)).toHaveLength(before + times);
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', command });
    expect(error.error).toMatch(code);
    expect(error.mayHaveRun).toBe(changes && ran);
    expectClean(error);
    expect(limit.timers.passed).toBe(answer.hang ? limit.timeout : 0);
  });

  it('fails without having run when the provider is down', async () => {
    const closed = await FakeOp.start();
    const run = await prepare({ op: closed, transport, oxd_id: await transport.site(closed) });
    await closed.close();
    const error = await rejectionOf(run());
    expect(error).toMatchObject({ command, error: 'internal_error', mayHaveRun: false });
    expect(error.message).toContain('could not be reached');
  });

  it('ends the request when the caller aborts', async () => {
    const caller = new AbortController();
    const impatient = new TestTransport({ store: transport.store, timeout: 5000 });
    const at = {
      op,
      transport: withSignal(impatient, caller.signal),
      oxd_id: await transport.site(op),
    };
    const run = await prepare(at);
    const before = op.seen(endpoint).length;
    const arrived = new Promise<void>((resolve) => {
      op.on(endpoint, () => {
        resolve();
        return { hang: true };
      });
    });
    const outcome = run().catch((reason: unknown) => reason);
    await arrived;
    const reason = new Error('the user went away');
    caller.abort(reason);
    expect(await outcome).toBe(reason);
    expect(op.seen(endpoint).length).toBe(before + 1);
  });
});

describe('discovery', () => {
  it.each([
    ['404', { status: 404, json: oauth('not_found') }],
    ['500', { status: 500, text: 'quoted-secret-1' }],
    ['a page', { text: '<html>quoted-secret-1</html>' }],
    ['a redirect', { status: 301, headers: { location: 'https://evil.example/' } }],
    ['an empty object', { json: {} }],
    ['null', { json: null }],
    ['an issuer that is not a URL', { json: { issuer: 'quoted-secret-1' } }],
    [
      'another issuer',
      { json: { issuer: 'https://evil.example', jwks_uri: 'https://e.example/' } },
    ],
    ['no jwks_uri', {}],
    ['no response', { hang: true }],
    ['a broken connection', { drop: true }],
  ] as readonly [string, Answer][])('fails on %s, and is not cached', async (name, answer) => {
    const oxd_id = await transport.site(op);
    const fresh = new TestTransport({ store: transport.store, ...limitEndedBy(op) });
    op.on('discovery', name === 'no jwks_uri' ? { json: { issuer: op.issuer } } : answer);
    const error = await rejectionOf(fresh.run('get_authorization_url', { oxd_id }));
    expect(error).toMatchObject({
      error: 'no_connect_discovery_response',
      command: 'get_authorization_url',
      mayHaveRun: false,
    });
    expectClean(error);
    op.on('discovery', (seen) => op.usual(seen));
    expect(await fresh.run('get_authorization_url', { oxd_id })).toHaveProperty(
      'authorization_url',
    );
  });

  it.each([
    { name: 'advises about the address after', status: 404, advice: true },
    { name: 'gives no advice after', status: 503, advice: false },
  ])('$name $status', async ({ status, advice }) => {
    const oxd_id = await transport.site(op);
    const fresh = new TestTransport({ store: transport.store });
    op.on('discovery', { status, text: '' });
    const { message } = await rejectionOf(fresh.run('get_authorization_url', { oxd_id }));
    const url = `${op.issuer}/.well-known/openid-configuration`;
    expect(message).toContain(`The document was requested from ${url}. `);
    expect(message.includes('the URL of the realm. If the document')).toBe(advice);
  });

  it('happens once for 32 concurrent calls', async () => {
    const oxd_id = await transport.site(op);
    const fresh = new TestTransport({ store: transport.store });
    op.requests.length = 0;
    const calls = Array.from({ length: 32 }, () => fresh.run('get_authorization_url', { oxd_id }));
    expect(new Set((await Promise.all(calls)).map((url) => url.authorization_url)).size).toBe(32);
    expect(op.seen('discovery')).toHaveLength(1);
    expect(op.seen('client')).toHaveLength(1);
  });

  it('happens again after ten minutes', async () => {
    let now = Date.now();
    const timed = new TestTransport({ clock: () => now });
    const oxd_id = await timed.site(op);
    now += 599_999;
    await timed.run('get_authorization_url', { oxd_id });
    expect(op.seen('discovery')).toHaveLength(1);
    now += 1;
    await timed.run('get_authorization_url', { oxd_id });
    expect(op.seen('discovery')).toHaveLength(2);
  });

  it.each([
    ['the host only', (issuer: string) => issuer],
    ['host and path', (issuer: string) => `${issuer}/realms/r`],
  ])('accepts an issuer that is %s', async (_, issuerOf) => {
    const issuer = issuerOf(op.issuer);
    op.on('client', async (seen) => {
      const usual = await op.usual({ ...seen, endpoint: 'discovery' });
      return { json: { ...(usual.json as object), issuer } };
    });
    const site = { op_discovery_path: '/realms/r', client_id: 'c', client_secret: 's3' };
    const oxd_id = await transport.site(op, site);
    expect(await transport.run('get_authorization_url', { oxd_id })).toHaveProperty(
      'authorization_url',
    );
  });
});

describe('an op_configuration_endpoint', () => {
  const client = { client_id: 'c', client_secret: 's3' };
  const endpoint = () => `${op.issuer}/realms/r/.well-known/openid-configuration`;
  /** Makes the provider return documents with another issuer. */
  const announce = (issuer: string): void => {
    op.on('client', async (seen) => {
      const usual = await op.usual({ ...seen, endpoint: 'discovery' });
      return { json: { ...(usual.json as object), issuer } };
    });
  };

  it.each([
    ['the host', '', () => op.issuer],
    ['the part before /.well-known/', '', () => `${op.issuer}/realms/r`],
    [
      'the part before /.well-known/ of a URL with a query',
      '?p=policy',
      () => `${op.issuer}/realms/r`,
    ],
  ])('is the only discovery request, and the issuer may be %s', async (_, query, issuerOf) => {
    announce(issuerOf());
    const address = { op_host: op.issuer, op_configuration_endpoint: endpoint() + query };
    const oxd_id = await transport.site(op, { ...address, ...client });
    const token = await transport.run('get_client_token', { ...address, ...client });
    expect(token).toHaveProperty('access_token');
    const { authorization_url } = await transport.run('get_authorization_url', { oxd_id });
    expect(authorization_url).toMatch(/^http/);
    expect(op.requests[0]?.url).toBe(`/realms/r/.well-known/openid-configuration${query}`);
    expect(op.seen('discovery')).toEqual([]);
  });

  it('is rejected if the issuer is neither', async () => {
    announce(`${op.issuer}/realms/other`);
    const call = transport.site(op, { op_configuration_endpoint: endpoint() });
    const error = await rejectionOf(call);
    expect(error).toMatchObject({ error: 'no_connect_discovery_response' });
    expect(error.message).toContain(`${op.issuer}/realms/other instead of ${op.issuer}/.`);
    expect(error.message).toContain('the URL of the realm');
  });

  it('is named without its query when it cannot be read', async () => {
    op.on('client', { status: 404 });
    const call = transport.site(op, {
      op_configuration_endpoint: `${endpoint()}?p=quoted-secret-1`,
    });
    const error = await rejectionOf(call);
    expect(error.message).toContain(`requested from ${endpoint()}. `);
    expectClean(error);
  });

  it('does not allow its issuer for other addresses of the same document', async () => {
    announce('https://another.example');
    const op_host = `${op.issuer}/realms/r`;
    const call = () => transport.site(op, { op_host });
    expect(await rejectionOf(call())).toMatchObject({ error: 'no_connect_discovery_response' });
    const there = { op_host: 'https://another.example', op_configuration_endpoint: endpoint() };
    const [, failure] = await Promise.all([
      transport.site(op, { ...there, ...client }),
      rejectionOf(call()),
    ]);
    expect(failure).toMatchObject({ error: 'no_connect_discovery_response' });
    await transport.site(op, { ...there, ...client });
    expect(await rejectionOf(call())).toMatchObject({ error: 'no_connect_discovery_response' });
  });

  it.each([
    ['its URL as op_host', () => ({ op_host: `${op.issuer}/realms/r` })],
    [
      'another op_host',
      () => ({ op_host: 'https://third.example', op_configuration_endpoint: endpoint() }),
    ],
  ])('is not trusted with %s although another address is', async (_, address) => {
    announce('https://another.example');
    const there = { op_host: 'https://another.example', op_configuration_endpoint: endpoint() };
    const oxd_id = await transport.site(op, { ...there, ...client });
    await transport.run('get_authorization_url', { oxd_id });
    expect(await rejectionOf(transport.site(op, address()))).toMatchObject({
      error: 'no_connect_discovery_response',
    });
  });

  it('is rejected on plain http unless the options allow it', async () => {
    const strict = new TestTransport({ allowInsecureRequests: false });
    const op_host = op.issuer.replace('http:', 'https:');
    const call = strict.site(op, { op_host, op_configuration_endpoint: endpoint() });
    expect((await rejectionOf(call)).message).toContain('allowInsecureRequests');
    expect(op.requests).toEqual([]);
  });

  it('is rejected together with an op_discovery_path', async () => {
    const both = { op_discovery_path: '/realms/r', op_configuration_endpoint: endpoint() };
    expect(await rejectionOf(transport.site(op, both))).toMatchObject({ error: 'bad_request' });
    expect(op.requests).toEqual([]);
  });
});

it('rejects plain http unless the options allow it, and sends no request', async () => {
  const strict = new TestTransport({ allowInsecureRequests: false });
  const error = await rejectionOf(strict.site(op));
  expect(error).toMatchObject({ error: 'no_connect_discovery_response', mayHaveRun: false });
  expect(error.message).toContain('allowInsecureRequests');
  expect(op.requests).toEqual([]);
});

describe('a provider with a private certificate authority', () => {
  const file = (name: string) =>
    readFileSync(new URL(`../../support/tls/${name}`, import.meta.url), 'utf8');
  const client = { client_id: 'c', client_secret: 's3' };

  it.each([
    ['a string', (ca: string) => ca],
    ['a list', (ca: string) => [ca]],
  ])('is trusted if the option ca is %s', async (_, caOf) => {
    const secure = await FakeOp.start({ key: file('key.pem'), cert: file('cert.pem') });
    const trusting = new TestTransport({ ca: caOf(file('ca.pem')), allowInsecureRequests: false });
    const token = trusting.run('get_client_token', { op_host: secure.issuer, ...client });
    expect(await token).toHaveProperty('access_token');
    await secure.close();
  });

  it('is not followed to plain http', async () => {
    const secure = await FakeOp.start({ key: file('key.pem'), cert: file('cert.pem') });
    secure.discovery = {
      registration_endpoint: `${op.issuer}/reg`,
      jwks_uri: `${op.issuer}/jwks`,
      token_endpoint: `${op.issuer}/token`,
    };
    const strict = new TestTransport({ ca: file('ca.pem'), allowInsecureRequests: false });
    const errors = [await rejectionOf(strict.site(secure))];
    const oxd_id = await strict.site(secure, client);
    const callback = await strict.callback(secure, oxd_id);
    errors.push(await rejectionOf(strict.run('get_tokens_by_code', callback)));
    for (const error of errors) {
      expect(error).toMatchObject({ error: 'internal_error', mayHaveRun: false });
      expect(error.message).toContain('https');
    }
    secure.discovery = { jwks_uri: `${op.issuer}/jwks` };
    const later = new TestTransport({ ...strict.options, store: strict.store });
    await rejectionOf(later.run('get_tokens_by_code', await later.callback(secure, oxd_id)));
    expect(op.requests).toEqual([]);
    await secure.close();
  });

  it('is refused otherwise, even where plain http is allowed', async () => {
    const secure = await FakeOp.start({ key: file('key.pem'), cert: file('cert.pem') });
    const call = transport.run('get_client_token', { op_host: secure.issuer, ...client });
    const error = await rejectionOf(call);
    expect(error).toMatchObject({ error: 'no_connect_discovery_response', mayHaveRun: false });
    expect(error.message).toContain('option ca');
    await secure.close();
  });
});

it.each([
  ['op_host', 'https://op.example.com/?a=b', 'invalid_op_host'],
  ['op_host', 'https://op.example.com/#a', 'invalid_op_host'],
  ['op_discovery_path', 'evil.example', 'bad_request'],
  ['op_discovery_path', '/a?b', 'bad_request'],
  ['op_configuration_endpoint', '', 'invalid_op_configuration_endpoint'],
  ['op_configuration_endpoint', 'op.example.com', 'invalid_op_configuration_endpoint'],
  ['op_configuration_endpoint', 'https://op.example.com/', 'invalid_op_configuration_endpoint'],
  [
    'op_configuration_endpoint',
    '/.well-known/openid-configuration',
    'invalid_op_configuration_endpoint',
  ],
  [
    'op_configuration_endpoint',
    'https://op.example.com/.well-known/openid-configuration#x',
    'invalid_op_configuration_endpoint',
  ],
  [
    'op_configuration_endpoint',
    'https://op.example.com/?/.well-known/openid-configuration',
    'invalid_op_configuration_endpoint',
  ],
  [
    'op_configuration_endpoint',
    'ftp://op.example.com/.well-known/openid-configuration',
    'invalid_op_configuration_endpoint',
  ],
])('rejects %s: %s', async (name, value, error) => {
  const call = transport.site(op, { [name]: value });
  expect(await rejectionOf(call)).toMatchObject({ error, mayHaveRun: false });
  expect(op.requests).toEqual([]);
});

it('rejects calls after close, and ends those in progress', async () => {
  const oxd_id = await transport.site(op);
  const arrived = new Promise<void>((resolve) => {
    op.on('userinfo', () => {
      resolve();
      return { hang: true };
    });
  });
  const long = new TestTransport({ store: transport.store });
  const outcome = long.run('get_user_info', { oxd_id, access_token }).catch((e: unknown) => e);
  await arrived;
  await long.close();
  expect(await outcome).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED' });
  await expect(long.run('get_user_info', { oxd_id, access_token })).rejects.toMatchObject({
    code: 'OXD_TRANSPORT_CLOSED',
    mayHaveRun: false,
  });
});

it('rejects with the reason of a signal that is already aborted', async () => {
  const reason = new Error('too late');
  const signal = AbortSignal.abort(reason);
  const call = transport.run('get_user_info', { oxd_id: 'x', access_token }, { signal });
  await expect(call).rejects.toBe(reason);
});

/** Checks that the error has no secret, and that its cause has only name, code and status. */
function expectClean(error: OxdCommandError): void {
  const printed = `${inspect(error, { depth: 20 })} ${JSON.stringify(error)} ${error.stack}`;
  expect(secretsIn(printed)).toEqual([]);
  expect(error.cause).toBeInstanceOf(Error);
  const properties = Object.keys(error.cause as Error);
  expect(properties.filter((name) => !['name', 'code', 'status'].includes(name))).toEqual([]);
}

function withSignal(target: TestTransport, signal: AbortSignal): TestTransport {
  const run = target.raw.bind(target);
  target.raw = (command, params) => run(command, params, { signal });
  return target;
}
