import { OxdError } from '../../../lib/base/errors.js';
import { startSandbox, type Sandbox } from '../../../lib/sandbox/sandbox.js';
import { MemoryStore } from '../../../lib/store/oxd-store.js';
import {
  OxdServer,
  type OxdServerFault,
  type OxdServerOptions,
} from '../../../lib/testing/testing.js';
import { SocketTransport } from '../../../lib/socket/socket.transport.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { Browser, passSandbox } from '../../support/browser.js';
import { registerSecret } from '../../support/secrets.js';
import { FrameClient, frameOf } from '../../support/frame-client.js';

const CALLBACK = 'https://app.example/callback';

let sandbox: Sandbox;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  const onSecret = registerSecret;
  sandbox = await startSandbox({ port: 0, clientsFile: false, quiet: true, onSecret });
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(() => sandbox.close());

async function start(options: OxdServerOptions = {}): Promise<OxdServer> {
  const server = await OxdServer.start({
    allowInsecureRequests: true,
    onSecret: registerSecret,
    ...options,
  });
  open.push(server);
  return server;
}

function connect({ port }: OxdServer, clock?: ManualClock): SocketTransport {
  const options = {
    ...({ type: 'socket', host: '127.0.0.1', port, version: '3.1.4' } as const),
    ...{ connections: 4, maxQueue: 100, connectTimeout: 3_000, timeout: 5_000 },
  };
  const transport = new SocketTransport(options, clock);
  open.push(transport);
  return transport;
}

async function register(transport: SocketTransport): Promise<string> {
  const { oxd_id } = (await transport.execute('register_site', {
    op_host: sandbox.issuer,
    authorization_redirect_uri: CALLBACK,
  })) as { oxd_id: string };
  return oxd_id;
}

async function authorizationUrl(transport: SocketTransport, oxd_id: string): Promise<string> {
  const data = await transport.execute('get_authorization_url', { oxd_id });
  return (data as { authorization_url: string }).authorization_url;
}

/** The params of `get_tokens_by_code` after a visit to the provider. */
async function visit(transport: SocketTransport, oxd_id: string) {
  const url = await authorizationUrl(transport, oxd_id);
  const page = await passSandbox(new Browser(), url, {}, (to) => to.startsWith(CALLBACK));
  const { searchParams } = new URL(page.location ?? CALLBACK);
  return { oxd_id, code: searchParams.get('code'), state: searchParams.get('state') };
}

const TIMEOUT = { code: 'OXD_TRANSPORT_TIMEOUT', mayHaveRun: true };

describe('disturbed replies', () => {
  const rows: [string, OxdServerFault, object][] = [
    ['cut into single bytes', { segments: [1] }, { authorization_url: expect.any(String) }],
    ['cut within the length', { segments: [2, 3, 100] }, { authorization_url: expect.any(String) }],
    ['late', { delay: 20 }, { authorization_url: expect.any(String) }],
    ['the last on its connection', { close: true }, { authorization_url: expect.any(String) }],
    ['too late', { delay: 60_000 }, TIMEOUT],
    ['none', { hang: true }, TIMEOUT],
    ['the end', { drop: true }, { code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: true }],
    ['bytes', { raw: 'HTTP/1.1 400\r\n' }, { code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true }],
    ['half a reply', { raw: '0099{"st', close: true }, { code: 'OXD_TRANSPORT_CLOSED' }],
  ];

  it.each(rows)('%s', async (_title, fault, outcome) => {
    const received: string[] = [];
    const server = await start({ onCommand: (name) => received.push(name) });
    const transport = connect(server);
    const oxd_id = await register(transport);
    expect(await transport.execute('get_logout_uri', { oxd_id })).toHaveProperty('uri');
    server.disturb('get_authorization_url', fault);
    const clock = new ManualClock();
    const answer = connect(server, clock)
      .execute('get_authorization_url', { oxd_id })
      .catch((error: unknown) => error);
    if (outcome === TIMEOUT) {
      while (received.at(-1) !== 'get_authorization_url') await settled();
      await clock.advance(5_000);
    }
    expect(await answer).toMatchObject(outcome);
    expect(await transport.execute('get_logout_uri', { oxd_id })).toHaveProperty('uri');
    server.disturb('get_authorization_url');
    expect(await authorizationUrl(transport, oxd_id)).toContain(sandbox.issuer);
  });

  it('do not prevent the execution of the command', async () => {
    const server = await start();
    const transport = connect(server);
    const oxd_id = await register(transport);
    server.disturb('remove_site', { drop: true });
    await expect(transport.execute('remove_site', { oxd_id })).rejects.toBeInstanceOf(OxdError);
    server.disturb('remove_site');
    await expect(transport.execute('remove_site', { oxd_id })).rejects.toMatchObject({
      error: 'invalid_oxd_id',
    });
  });

  it('end with dropped connections, and the server continues', async () => {
    const server = await start();
    const client = await FrameClient.open(server.port);
    const going = client.ask(['0094'], { awaitsClose: true });
    server.dropConnections();
    expect(await going).toEqual({ frame: '', closed: true });
    expect(await register(connect(server))).toMatch(/^[0-9a-f-]{36}$/);
  });
});

it('returns a client token, whatever algorithm and key is named beside the secret', async () => {
  const transport = connect(await start());
  const op_host = sandbox.issuer;
  const site = { op_host, authorization_redirect_uri: CALLBACK };
  const setup = (await transport.execute('setup_client', site)) as Record<string, string>;
  const { client_id, client_secret } = setup;
  const token = await transport.execute('get_client_token', {
    ...{ op_host, client_id, client_secret, scope: ['openid'] },
    ...{ authentication_method: 'client_secret_basic', algorithm: 'RS256', key_id: 'key-1' },
  });
  expect(token).toHaveProperty('access_token');
});

describe('the scope of an authorization URL', () => {
  const version = '3.1.4';
  const site = { authorization_redirect_uri: CALLBACK };
  const scopeOf = async (transport: SocketTransport, params: object): Promise<string | null> => {
    const data = await transport.execute('get_authorization_url', { ...params });
    return new URL((data as { authorization_url: string }).authorization_url).searchParams.get(
      'scope',
    );
  };

  it.each([
    { name: 'the default', scope: undefined, expected: 'openid profile email' },
    {
      name: 'that of a resource server',
      scope: ['openid', 'uma_protection'],
      expected: 'openid uma_protection',
    },
  ])('is the registered one, here $name, unless the call names one', async (row) => {
    const transport = connect(await start({ version }));
    const { oxd_id } = (await transport.execute('register_site', {
      ...{ ...site, op_host: sandbox.issuer, scope: row.scope },
    })) as { oxd_id: string };
    expect(await scopeOf(transport, { oxd_id })).toBe(row.expected);
    expect(await scopeOf(transport, { oxd_id, scope: [] })).toBe(row.expected);
    expect(await scopeOf(transport, { oxd_id, scope: ['openid', 'email'] })).toBe('openid email');
    const changed = { oxd_id, redirect_uris: [CALLBACK], scope: ['openid', 'oxd'] };
    await transport.execute('update_site', changed);
    expect(await scopeOf(transport, { oxd_id })).toBe('openid oxd');
  });

  it.each([
    { version: '3.1.4', expected: 'openid profile uma_protection oxd' },
    { version: '3.1.1', expected: 'openid profile' },
  ] as const)('has the scopes of protection tokens after setup_client: $version', async (row) => {
    const transport = connect(await start({ version: row.version }));
    const { oxd_id } = (await transport.execute('setup_client', {
      ...{ ...site, op_host: sandbox.issuer, scope: ['openid', 'profile'] },
    })) as { oxd_id: string };
    expect(await scopeOf(transport, { oxd_id })).toBe(row.expected);
  });
});

it.each([
  { name: 'without a scheme', op_host: 'op.example.com', error: 'no_connect_discovery_response' },
  { name: 'with a port alone', op_host: 'localhost:80', error: 'no_connect_discovery_response' },
  { name: 'of blanks', op_host: '  ', error: 'no_connect_discovery_response' },
  { name: 'that is empty', op_host: '', error: 'invalid_op_host' },
])('finds no provider at an op_host $name', async ({ op_host, error }) => {
  const transport = connect(await start());
  const params = { op_host, authorization_redirect_uri: CALLBACK };
  for (const command of ['register_site', 'setup_client'])
    await expect(transport.execute(command, params)).rejects.toMatchObject({ error });
});

describe('states', () => {
  it('are valid until their lifetime is over', async () => {
    let now = Date.now();
    const transport = connect(await start({ stateLifetime: 60_000, clock: () => now }));
    const oxd_id = await register(transport);
    const late = await visit(transport, oxd_id);
    const inTime = await visit(transport, oxd_id);
    now += 59_000;
    expect(await transport.execute('get_tokens_by_code', inTime)).toHaveProperty('id_token');
    now += 1_000;
    await expect(transport.execute('get_tokens_by_code', late)).rejects.toMatchObject({
      error: 'bad_request',
    });
  });

  it('are consumed only by a success', async () => {
    const transport = connect(await start());
    const good = await visit(transport, await register(transport));
    const bad = { ...good, code: 'no-such-code' };
    await expect(transport.execute('get_tokens_by_code', bad)).rejects.toMatchObject({
      error: 'internal_error',
    });
    expect(await transport.execute('get_tokens_by_code', good)).toHaveProperty('id_token');
    await expect(transport.execute('get_tokens_by_code', good)).rejects.toMatchObject({
      error: 'bad_request',
    });
  });

  it('of concurrent logins are not mixed up', async () => {
    const transport = connect(await start());
    const oxd_id = await register(transport);
    const visits = await Promise.all(Array.from({ length: 8 }, () => visit(transport, oxd_id)));
    const results = await Promise.all(
      visits.map((params) => transport.execute('get_tokens_by_code', params)),
    );
    const tokens = results.map((result) => (result as { access_token: string }).access_token);
    expect(new Set(tokens).size).toBe(8);
  });
});

describe('the server', () => {
  it('restores its sites from the same store', async () => {
    const store = new MemoryStore();
    const first = await start({ store });
    const oxd_id = await register(connect(first));
    await first.close();
    const second = await start({ store });
    expect(await authorizationUrl(connect(second), oxd_id)).toContain('state=');
  });

  it('shares no sites without a store', async () => {
    const oxd_id = await register(connect(await start()));
    await expect(authorizationUrl(connect(await start()), oxd_id)).rejects.toMatchObject({
      error: 'invalid_oxd_id',
    });
  });

  it('sends no request to a provider at an http URL unless allowed', async () => {
    const transport = connect(await start({ allowInsecureRequests: false }));
    await expect(register(transport)).rejects.toMatchObject({ code: 'OXD_COMMAND_FAILED' });
  });

  it('reports a site that was registered while commands were not protected', async () => {
    const store = new MemoryStore();
    const oxd_id = await register(connect(await start({ store })));
    const transport = connect(await start({ store, protectCommands: true }));
    const params = { oxd_id, protection_access_token: 'any-token' };
    await expect(transport.execute('get_authorization_url', params)).rejects.toMatchObject({
      error: 'no_setup_client_for_oxd_id',
    });
  });

  it.each([
    ['oxd_id', 'blank_protection_access_token'],
    ['setup_client_oxd_id', undefined],
  ])('protected, requires a token to change %s: %s', async (member, error) => {
    const transport = connect(await start({ protectCommands: true }));
    const setup = (await transport.execute('setup_client', {
      op_host: sandbox.issuer,
      authorization_redirect_uri: CALLBACK,
    })) as Record<string, string>;
    const params = { oxd_id: setup[member], redirect_uris: [CALLBACK] };
    const outcome = transport.execute('update_site', params).catch((refused: unknown) => refused);
    expect(await outcome).toMatchObject(error ? { error } : { oxd_id: setup[member] });
  });

  it('reports every secret in a reply, and every command', async () => {
    const secrets: string[] = [];
    const commands: string[] = [];
    const server = await start({
      onSecret: (value) => secrets.push(value),
      onCommand: (command) => commands.push(command),
    });
    const transport = connect(server);
    const params = await visit(transport, await register(transport));
    const tokens = (await transport.execute('get_tokens_by_code', params)) as Record<
      string,
      string
    >;
    for (const secret of [params.state, tokens.access_token, tokens.id_token])
      expect(secrets.includes(secret ?? '')).toBe(true);
    expect(commands).toEqual(['register_site', 'get_authorization_url', 'get_tokens_by_code']);
    secrets.forEach(registerSecret);
  });

  it('rejects a port that is in use', async () => {
    const { port } = await start();
    await expect(OxdServer.start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('aborts connections and commands in progress when it closes', async () => {
    const server = await start();
    const client = await FrameClient.open(server.port);
    const oxd_id = await register(connect(server));
    server.disturb('get_authorization_url', { hang: true });
    const answer = client.ask([frameOf('get_authorization_url', { oxd_id })], {
      awaitsClose: true,
    });
    await server.close();
    expect(await answer).toEqual({ frame: '', closed: true });
  });

  it.each([
    ['a name of Object.prototype', 'constructor', {}, 'unsupported_operation'],
    ['no text for a name', 7, {}, 'unsupported_operation'],
    ['a command of later versions', 'get_jwks', {}, 'unsupported_operation'],
    ['a number in a list', 'get_authorization_url', { oxd_id: 'x', scope: [1] }, 'invalid_oxd_id'],
    [
      'an object in a list',
      'get_authorization_url',
      { oxd_id: 'x', scope: [{}] },
      'internal_error',
    ],
    ['an object for a text', 'get_authorization_url', { oxd_id: {} }, 'internal_error'],
    ['a text for a map', 'get_authorization_url', { custom_parameters: 'x' }, 'internal_error'],
    ['null for a text', 'get_authorization_url', { oxd_id: null }, 'bad_request'],
  ])('replies with an error to %s', async (_title, command, params, error) => {
    const client = await FrameClient.open((await start()).port);
    const { frame, closed } = await client.ask([frameOf(command, params)]);
    client.close();
    expect(JSON.parse(frame.slice(4))).toMatchObject({ status: 'error', data: { error } });
    expect(closed).toBe(false);
  });
});
