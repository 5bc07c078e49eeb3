import { readFileSync } from 'node:fs';
import {
  OxdServer,
  type OxdServerFault,
  type OxdServerOptions,
} from '../../../lib/testing/testing.js';
import { FakeOp } from '../../support/fake-op.js';
import { HttpsClient, type HttpsAnswer, type HttpsQuestion } from '../../support/https-client.js';
import { registerSecret } from '../../support/secrets.js';

const SITE = { authorization_redirect_uri: 'https://client.example/cb' };
const HEADERS = { authorization: 'Bearer a-token' };

let op: FakeOp;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  op = await FakeOp.start();
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(() => op.close());

async function start(options: OxdServerOptions = { extension: true }): Promise<OxdServer> {
  const server = await OxdServer.start({
    ...{ allowInsecureRequests: true, onSecret: registerSecret },
    ...options,
  });
  open.push(server);
  return server;
}

function connect({ url, ca }: OxdServer): HttpsClient {
  const client = new HttpsClient(url, ca);
  open.push(client);
  return client;
}

/** Registers a site; returns a question about it. */
async function setUp(client: HttpsClient): Promise<HttpsQuestion> {
  const body = { ...SITE, op_host: op.issuer };
  const { body: text } = await client.ask({ path: '/setup-client', body });
  const { data } = JSON.parse(text) as { data: { oxd_id: string } };
  return { path: '/get-authorization-url', headers: HEADERS, body: { oxd_id: data.oxd_id } };
}

const readPem = (name: string): string =>
  readFileSync(new URL(`../../support/tls/${name}.pem`, import.meta.url), 'utf8');

describe('OxdServer over HTTPS', () => {
  it.each<OxdServerOptions>([
    { version: '3.1.1', extension: true },
    { version: '3.1.4', extension: true },
    { version: '4.2' },
    { version: '4.5' },
  ])('$version runs at its URL, with its certificate', async (options) => {
    const client = connect(await start(options));
    const { status, body } = await client.ask({ method: 'GET', path: '/health-check' });
    expect([status, body]).toEqual([200, expect.stringContaining('running')]);
  });

  it('is not trusted by a client without its certificate', async () => {
    const { port } = await start();
    await expect(fetch(`https://localhost:${port}/health-check`)).rejects.toMatchObject({
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
  });

  it('has the given certificate', async () => {
    const certificate = { cert: readPem('self-signed'), key: readPem('key') };
    const server = await start({ version: '4.5', certificate });
    expect(server.ca).toBe(certificate.cert);
    const client = new HttpsClient(`https://127.0.0.1:${server.port}`, server.ca);
    open.push(client);
    expect(await client.ask({ method: 'GET', path: '/health-check' })).toHaveProperty(
      'status',
      200,
    );
  });

  it('has a URL and a certificate, unlike one on TCP', async () => {
    const server = await start({ version: '3.1.4' });
    const message = expect.stringContaining('set extension to true') as string;
    expect(() => server.url).toThrow(expect.objectContaining({ message }) as Error);
    expect(() => server.ca).toThrow(expect.objectContaining({ message }) as Error);
  });

  it('keeps a connection, after errors, too', async () => {
    const client = connect(await start());
    for (const path of ['/health-check', '/nowhere', '/health-check'])
      await client.ask({ method: 'GET', path });
    expect(client.opened).toBe(1);
  });

  it.each<{ name: string; question: HttpsQuestion; status: number }>([
    { name: 'an unknown path', question: { path: '/nowhere' }, status: 404 },
    { name: 'a command without a path', question: { path: '/get-rp', body: {} }, status: 404 },
    {
      name: 'the wrong method',
      question: { method: 'GET', path: '/get-user-info' },
      status: 405,
    },
    {
      name: 'a body of another type',
      question: { path: '/get-user-info', body: 'a', headers: { 'content-type': 'text/plain' } },
      status: 415,
    },
    {
      name: 'a client that takes another type',
      question: { path: '/get-user-info', body: {}, headers: { accept: 'text/html' } },
      status: 406,
    },
  ])('rejects $name with $status', async ({ question, status }) => {
    const client = connect(await start());
    const answer = await client.ask(question);
    expect(answer).toMatchObject({ status, contentType: 'application/json' });
    expect(JSON.parse(answer.body)).toEqual({
      code: status,
      message: expect.stringMatching(`^HTTP ${status} `) as string,
    });
  });

  it.each<{ options: OxdServerOptions; status: number }>([
    { options: { extension: true }, status: 413 },
    { options: { version: '4.5' }, status: 431 },
  ])('rejects headers of more than 8 KiB as HTML with $status', async ({ options, status }) => {
    const client = connect(await start(options));
    const headers = { 'x-long': 'y'.repeat(9_000) };
    const answer = await client.ask({ method: 'GET', path: '/health-check', headers });
    expect(answer).toMatchObject({ status, contentType: expect.stringMatching('^text/html') });
    expect(answer.body).toContain(`<h1>Bad Message ${status}</h1>`);
  });

  it('rejects a body of more than 1 MiB, and reads the next request', async () => {
    const client = connect(await start());
    const answer = await client.ask({ path: '/get-user-info', body: 'y'.repeat(1_048_577) });
    expect(answer.status).toBe(413);
    expect(await client.ask({ path: '/nowhere' })).toHaveProperty('status', 404);
  });

  it.each([
    { name: 'a slash at the end', path: '/get-authorization-url/' },
    { name: 'a query', path: '/get-authorization-url?a=b' },
  ])('finds a command at its path with $name', async ({ path }) => {
    const client = connect(await start());
    const question = await setUp(client);
    expect(await client.ask({ ...question, path })).toHaveProperty('status', 200);
  });

  it('passes the names of commands on, as on the wire', async () => {
    const received: string[] = [];
    const onCommand = (name: string) => received.push(name);
    const client = connect(await start({ version: '3.1.1', extension: true, onCommand }));
    await client.ask({ path: '/update-site', body: {}, headers: HEADERS });
    expect(received).toEqual(['update_site_registration']);
  });
});

describe('A disturbed reply of OxdServer over HTTPS', () => {
  const ok = { status: 200, body: expect.stringContaining('authorization_url') as string };
  const closed = { code: 'UND_ERR_SOCKET' };

  it.each<{ name: string; fault: OxdServerFault; outcome: object; connections: number }>([
    { name: 'cut into single bytes', fault: { segments: [1] }, outcome: ok, connections: 1 },
    { name: 'late', fault: { delay: 20 }, outcome: ok, connections: 1 },
    { name: 'the last on its connection', fault: { close: true }, outcome: ok, connections: 2 },
    { name: 'the end of its connection', fault: { drop: true }, outcome: closed, connections: 2 },
    {
      name: 'other bytes',
      fault: { raw: '<h1>Bad Gateway</h1>', status: 502, contentType: 'text/html' },
      outcome: { status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' },
      connections: 1,
    },
    {
      name: 'bytes with the usual status and type',
      fault: { raw: Buffer.from('null') },
      outcome: { status: 200, contentType: 'application/json', body: 'null' },
      connections: 1,
    },
  ])('is $name', async ({ fault, outcome, connections }) => {
    const server = await start();
    const client = connect(server);
    const question = await setUp(client);
    server.disturb('get_authorization_url', fault);
    const answer = await client.ask(question).catch((error: unknown) => error);
    expect(answer).toMatchObject(outcome);
    server.disturb('get_authorization_url');
    expect(await client.ask(question)).toMatchObject(ok);
    expect(client.opened).toBe(connections);
  });

  it('is not sent until the client aborts', async () => {
    const received: string[] = [];
    const server = await start({ extension: true, onCommand: (name) => received.push(name) });
    const client = connect(server);
    const question = await setUp(client);
    server.disturb('get_authorization_url', { hang: true });
    const abort = new AbortController();
    const answer = client.ask({ ...question, signal: abort.signal });
    while (received.at(-1) !== 'get_authorization_url')
      await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    await expect(answer).rejects.toHaveProperty('name', 'AbortError');
  });
});

describe('OxdServer as the extension', () => {
  const UNPROTECTED = ['/setup-client', '/get-client-token'];
  const OF_3_1_1 = [
    ...[...UNPROTECTED, '/register-site', '/update-site', '/get-authorization-url'],
    ...['/get-tokens-by-code', '/get-access-token-by-refresh-token', '/get-user-info'],
    ...['/get-logout-uri', '/uma-rs-protect', '/uma-rs-check-access', '/uma-rp-get-rpt'],
    '/uma-rp-get-claims-gathering-url',
  ];
  const SINCE_3_1_2 = ['/remove-site', '/introspect-access-token', '/introspect-rpt'];

  it.each([
    {
      version: '3.1.1',
      paths: OF_3_1_1,
      name: 'three',
      open: [...UNPROTECTED, '/get-access-token-by-refresh-token'],
      status: 500,
    },
    {
      version: '3.1.4',
      paths: [...OF_3_1_1, ...SINCE_3_1_2],
      name: 'two',
      open: UNPROTECTED,
      status: 403,
    },
  ] as const)('$version requires the header Authorization on all paths but $name', async (row) => {
    const received: string[] = [];
    const options = { version: row.version, extension: true, staleConnections: false };
    const onCommand = (name: string) => received.push(name);
    const client = connect(await start({ ...options, onCommand }));
    const statuses: (readonly [string, number])[] = [];
    for (const path of row.paths) {
      const { status } = await client.ask({ path, body: {} });
      statuses.push([path, status]);
    }
    const isOpen = (path: string): boolean => row.open.some((one) => one === path);
    expect(statuses).toEqual(row.paths.map((path) => [path, isOpen(path) ? 200 : row.status]));
    // A request without a header does not reach oxd-server.
    expect(received.length).toBe(row.open.length);
  });

  it.each<{ name: string; options: OxdServerOptions; statuses: number[] }>([
    { name: '3.1.4 fails one request', options: { version: '3.1.4' }, statuses: [200, 500, 200] },
    {
      name: '3.1.4 without stale connections fails none',
      options: { version: '3.1.4', staleConnections: false },
      statuses: [200, 200, 200],
    },
    { name: '3.1.1 fails none', options: { version: '3.1.1' }, statuses: [200, 200, 200] },
  ])('$name after an internal_error that closed the connection', async ({ options, statuses }) => {
    const received: string[] = [];
    const onCommand = (name: string) => received.push(name);
    const client = connect(await start({ ...options, extension: true, onCommand }));
    const answers = [
      await client.ask({ path: '/get-client-token', body: { op_host: op.issuer } }),
      await client.ask({ path: '/get-client-token', body: {} }),
      await client.ask({ path: '/get-client-token', body: {} }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(statuses);
    expect(answers[0]?.body).toContain('"internal_error"');
    const silent = answers.filter(({ body }) => body.startsWith('Command response is null, '));
    expect(silent.map(({ status }) => status)).toEqual(statuses.filter((status) => status !== 200));
    expect(received.length).toBe(statuses.filter((status) => status === 200).length);
  });
});

describe('OxdServer over HTTPS ends', () => {
  /** A request that the server does not answer, once the server has received it. */
  async function pending(): Promise<{
    server: OxdServer;
    client: HttpsClient;
    end: Promise<unknown>;
  }> {
    let received: () => void;
    const arrival = new Promise<void>((resolve) => (received = resolve));
    const server = await start({ extension: true, onCommand: () => received() });
    server.disturb('setup_client', { hang: true });
    const client = connect(server);
    const answer: Promise<HttpsAnswer> = client.ask({ path: '/setup-client', body: {} });
    const end = answer.catch((error: { code?: string }) => error.code);
    await arrival;
    return { server, client, end };
  }

  it('open connections with dropConnections(), and continues to listen', async () => {
    const { server, client, end } = await pending();
    server.dropConnections();
    expect(await end).toBe('UND_ERR_SOCKET');
    server.disturb('setup_client');
    expect(await client.ask({ path: '/setup-client', body: {} })).toHaveProperty('status', 200);
  });

  it('everything with close(), even while a request waits', async () => {
    const { server, client, end } = await pending();
    await server.close();
    expect(await end).toBe('UND_ERR_SOCKET');
    await expect(client.ask({ path: '/nowhere' })).rejects.toHaveProperty('code', 'ECONNREFUSED');
  });
});
