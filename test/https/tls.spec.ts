import { gzipSync } from 'node:zlib';
import type { ServerOptions } from 'node:https';
import { inspect } from 'node:util';
import type { OxdTransportError } from '../../lib/base/errors.js';
import { HttpsTransport } from '../../lib/https/https.transport.js';
import type { ResolvedHttpsOptions } from '../../lib/options/https-transport-options.js';
import {
  makeAuthority,
  makeCertificate,
  type CertificateRequest,
  type KeyPair,
} from '../support/certificates.js';
import { HttpsPeer, json, type Answer } from '../support/https-peer.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { setEnvironment } from '../support/real-environment.js';
import { registerSecret, secretsIn } from '../support/secrets.js';

const TOKEN = 'protection-token-1234567890';
registerSecret(TOKEN);

/** Result without properties, of the REST API. */
const done: Answer = (_request, response) => json(response, {});

let authority: KeyPair;
let foreign: KeyPair;
let server: KeyPair;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  [authority, foreign] = await Promise.all([makeAuthority('Ours'), makeAuthority('Foreign')]);
  server = await makeCertificate({ host: 'localhost', authority });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function serve(answer: Answer, tls: ServerOptions = {}): Promise<HttpsPeer> {
  const peer = await HttpsPeer.start(answer, { ...server, ...tls });
  opened.push(peer);
  return peer;
}

type Options = Partial<ResolvedHttpsOptions>;

function transportTo(peer: HttpsPeer, options: Options = {}, clock?: ManualClock): HttpsTransport {
  const defaults = { url: peer.url('localhost'), version: '4.5', ca: authority.cert } as const;
  const limits = { connections: 2, timeout: 10_000 };
  const transport = new HttpsTransport(
    { type: 'https', ...defaults, ...limits, ...options },
    clock,
  );
  opened.push(transport);
  return transport;
}

/** Sends a command that is not repeatable and returns its error, which shows no secret. */
async function errorOf(transport: HttpsTransport, token = TOKEN): Promise<OxdTransportError> {
  const params = { oxd_id: 'a', protection_access_token: token };
  const error: unknown = await transport.execute('uma_rs_protect', params).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(secretsIn(inspect(error, { depth: 9, showHidden: true }))).toEqual([]);
  return error as OxdTransportError;
}

interface Rejected extends Omit<CertificateRequest, 'authority'> {
  readonly name: string;
  readonly signedBy: 'ours' | 'foreign' | 'itself';
  readonly message: string;
}

const REJECTED: readonly Rejected[] = [
  {
    name: 'an expired certificate',
    ...{ host: 'localhost', days: [-20, -10], signedBy: 'ours' },
    message: 'Renew the certificate of the server in transport.url',
  },
  {
    name: 'a certificate that is not valid yet',
    ...{ host: 'localhost', days: [10, 20], signedBy: 'ours' },
    message: 'check the clock of this machine',
  },
  {
    name: 'the certificate of another host',
    ...{ host: 'oxd.example.com', signedBy: 'ours' },
    message: 'Use a host name of the certificate in transport.url',
  },
  {
    name: 'a certificate of another host without alternative names',
    ...{ host: 'oxd.example.com', withoutNames: true, signedBy: 'ours' },
    message: 'Use a host name of the certificate in transport.url',
  },
  {
    name: 'a certificate of an unknown authority',
    ...{ host: 'localhost', signedBy: 'foreign' },
    message: 'Add the certificate of the authority (PEM) to transport.ca',
  },
  {
    name: 'a self-signed certificate',
    ...{ host: 'localhost', signedBy: 'itself' },
    message: 'Add the certificate of the authority (PEM) to transport.ca',
  },
];

describe.each(['1', '0'])('HttpsTransport with NODE_TLS_REJECT_UNAUTHORIZED=%s', (value) => {
  let restore: () => void;
  beforeAll(() => {
    restore = setEnvironment({ NODE_TLS_REJECT_UNAUTHORIZED: value });
  });
  afterAll(() => restore());

  it.each(REJECTED)('rejects $name at each attempt', async ({ signedBy, message, ...row }) => {
    const signer = { ours: authority, foreign, itself: undefined }[signedBy];
    const peer = await serve(done, await makeCertificate({ ...row, authority: signer }));
    const transport = transportTo(peer, { connections: 1, timeout: 2_000 });
    for (const error of [await errorOf(transport), await errorOf(transport)]) {
      expect(error).toMatchObject({ code: 'OXD_TRANSPORT_UNREACHABLE', mayHaveRun: false });
      expect(error.message).toContain(message);
    }
    expect(peer.requests).toEqual([]);
  });

  it('rejects a certificate of a private authority without ca', async () => {
    const peer = await serve(done);
    const error = await errorOf(transportTo(peer, { ca: undefined }));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_UNREACHABLE', mayHaveRun: false });
    expect(peer.requests).toEqual([]);
  });

  it('accepts one of several private authorities', async () => {
    const peer = await serve(done);
    await transportTo(peer, { ca: [foreign.cert, authority.cert] }).execute('get_user_info', {});
    expect(peer.requests).toHaveLength(1);
  });

  it('accepts the certificate that oxd ships, with a common name only, as ca', async () => {
    const shipped = await makeCertificate({ host: 'localhost', withoutNames: true });
    const peer = await serve(done, shipped);
    await transportTo(peer, { ca: shipped.cert }).execute('get_user_info', {});
    expect(peer.requests).toHaveLength(1);
  });

  it('verifies each new connection, also with a session of an earlier one', async () => {
    const peer = await serve(done);
    const transport = transportTo(peer);
    await transport.execute('get_user_info', {});
    const { port } = peer;
    await peer.close();
    const impostor = await HttpsPeer.start(
      done,
      await makeCertificate({ host: 'localhost', authority: foreign }),
      port,
    );
    opened.push(impostor);
    const error = await errorOf(transport);
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_UNREACHABLE', mayHaveRun: false });
    expect(impostor.requests).toEqual([]);
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'A server that requires a client certificate on %s',
  (maxVersion) => {
    const required = () => ({
      ...{ ca: authority.cert, requestCert: true, rejectUnauthorized: true, maxVersion },
    });

    it('accepts the certificate of the options', async () => {
      const peer = await serve(done, required());
      const client = await makeCertificate({ host: 'client', authority });
      await transportTo(peer, client).execute('get_user_info', {});
      expect(peer.requests).toHaveLength(1);
    });

    it.each([
      { name: 'without a certificate', signedBy: 'none' },
      { name: 'with a certificate of another authority', signedBy: 'foreign' },
    ])('executes nothing $name, and the error names the options', async ({ signedBy }) => {
      const peer = await serve(done, required());
      const client = await makeCertificate({ host: 'client', authority: foreign });
      const error = await errorOf(transportTo(peer, signedBy === 'none' ? {} : client));
      expect(peer.requests).toEqual([]);
      expect(error.message).toContain('transport.cert');
      expect(['OXD_TRANSPORT_UNREACHABLE', 'OXD_TRANSPORT_CLOSED']).toContain(error.code);
    });
  },
);

const html =
  (status: number, body: string): Answer =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end(body);

/** Answers over TLS that are not from oxd, or not from its API. */
const FOREIGN: readonly {
  readonly name: string;
  readonly answer: Answer;
  readonly code: string;
  readonly message: string;
}[] = [
  {
    name: 'plain text',
    answer: (_request, response) => response.writeHead(200).end(`hello ${TOKEN}`),
    ...{ code: 'OXD_TRANSPORT_MALFORMED', message: 'Check transport.url' },
  },
  {
    name: 'HTML',
    answer: html(200, `<html>${TOKEN}</html>`),
    ...{ code: 'OXD_TRANSPORT_MALFORMED', message: 'Check transport.url' },
  },
  {
    name: 'gzip',
    answer: (_request, response) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      response.writeHead(200, headers).end(gzipSync('{"oxd_id":"a"}'));
    },
    ...{ code: 'OXD_TRANSPORT_MALFORMED', message: 'Check the proxy in front of it' },
  },
  {
    name: 'Invalid SNI',
    answer: html(400, '<html><title>Error 400 Invalid SNI</title></html>'),
    ...{ code: 'OXD_TRANSPORT_UNREACHABLE', message: 'host of transport.url' },
  },
  {
    name: '406',
    answer: (_request, response) => json(response, { code: 406, message: 'HTTP 406 No' }, 406),
    ...{ code: 'OXD_TRANSPORT_MALFORMED', message: 'Check transport.url and transport.version' },
  },
  {
    name: '502 of a proxy',
    answer: html(502, `<html><h1>502 Bad Gateway</h1>${TOKEN}</html>`),
    ...{ code: 'OXD_TRANSPORT_MALFORMED', message: 'and a proxy in front of it' },
  },
  {
    name: 'a redirect',
    answer: (request, response) =>
      response.writeHead(307, { location: `/elsewhere?${request.headers.authorization}` }).end(),
    ...{ code: 'OXD_TRANSPORT_MALFORMED', message: 'redirect, which is not followed' },
  },
  {
    name: 'a body of 2 MiB',
    answer: (_request, response) => response.writeHead(200).end(TOKEN.padEnd(2 ** 21, ' ')),
    ...{ code: 'OXD_TRANSPORT_MALFORMED', message: 'too large for oxd' },
  },
];

describe('HttpsTransport over TLS', () => {
  it.each(FOREIGN)('reports $name as $code once, without the body', async (row) => {
    const peer = await serve(row.answer);
    const error = await errorOf(transportTo(peer));
    expect(error.code).toBe(row.code);
    expect(error.message).toContain(row.message);
    expect(peer.requests.map(({ path }) => path)).toEqual(['/uma-rs-protect']);
  });

  it('reports a request that is too long for the server', async () => {
    const peer = await serve(done, { maxHeaderSize: 4_096 });
    const token = 'long-token-'.repeat(500);
    registerSecret(token);
    const error = await errorOf(transportTo(peer), token);
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_TOO_LARGE', mayHaveRun: false });
    expect(error.message).toContain('Shorten the parameters, or the protection token');
    expect(peer.requests).toEqual([]);
  });

  it('reports a port that does not speak TLS', async () => {
    const peer = await HttpsPeer.start(done);
    opened.push(peer);
    const url = `https://localhost:${peer.port}`;
    const error = await errorOf(transportTo(peer, { url }));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_UNREACHABLE', mayHaveRun: false });
    expect(error.message).toContain('the port of transport.url');
    expect(peer.requests).toEqual([]);
  });

  it('reports a port that speaks TLS when the url is http', async () => {
    const peer = await serve(done);
    const error = await errorOf(transportTo(peer, { url: `http://localhost:${peer.port}` }));
    expect(['OXD_TRANSPORT_CLOSED', 'OXD_TRANSPORT_MALFORMED']).toContain(error.code);
    expect(error.message).toContain('the scheme');
    expect(peer.requests).toEqual([]);
  });

  it('repeats a command that reads when the server has closed the kept connection', async () => {
    const executed: string[] = [];
    const peer = await serve((request, response) => {
      if (request.position > 1) return void response.socket?.destroy();
      executed.push(request.path);
      json(response, { access: 'granted' });
    });
    const transport = transportTo(peer);
    const check = () => transport.execute('uma_rs_check_access', {});
    await check();
    expect(await check()).toEqual({ access: 'granted' });
    expect(executed).toEqual(['/uma-rs-check-access', '/uma-rs-check-access']);
    expect(peer.opened).toBe(2);
  });

  it('executes a command with effects at most once when the server closes the connection', async () => {
    const executed: string[] = [];
    const peer = await serve((request, response) => {
      executed.push(request.path);
      if (request.position > 1) response.socket?.destroy();
      else json(response, { access: 'granted' });
    });
    const transport = transportTo(peer);
    await transport.execute('uma_rs_check_access', {});
    expect(await errorOf(transport)).toMatchObject({
      code: 'OXD_TRANSPORT_CLOSED',
      mayHaveRun: true,
    });
    expect(executed).toEqual(['/uma-rs-check-access', '/uma-rs-protect']);
  });

  it('ends a command at its time limit when the server is slow', async () => {
    const clock = new ManualClock();
    const peer = await serve(() => undefined);
    const error = errorOf(transportTo(peer, { timeout: 2_000 }, clock));
    for (let turn = 0; turn < 500 && peer.requests.length === 0; turn++) await settled();
    await clock.advance(2_000);
    expect(await error).toMatchObject({ code: 'OXD_TRANSPORT_TIMEOUT', mayHaveRun: true });
  });
});
