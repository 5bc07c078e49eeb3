import { inspect } from 'node:util';
import { OxdCommandError, type OxdError } from '../../lib/base/errors.js';
import type { Release } from '../../lib/base/oxd-releases.js';
import { HttpsTransport } from '../../lib/https/https.transport.js';
import { HttpsPeer } from '../support/https-peer.js';
import { secretsIn, registerSecret } from '../support/secrets.js';

const secret = 'reply-secret-1234567890';
registerSecret(secret);

/** Reply of the peer: JSON, unless `body` is a string. */
interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly type?: string;
}

let peer: HttpsPeer;
let reply: Reply;

beforeAll(async () => {
  peer = await HttpsPeer.start((_request, response) => {
    const { status, body, type = 'application/json' } = reply;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': type }).end(text);
  });
});
afterAll(() => peer.close());

interface Call {
  readonly version: Release;
  readonly command?: string;
  /** True to send a protection token; default false. */
  readonly hasToken?: boolean;
}

async function ask(given: Reply, call: Call): Promise<{ result?: unknown; error?: OxdError }> {
  const { version, command = 'uma_rs_check_access', hasToken = false } = call;
  reply = given;
  const options = { type: 'https', url: peer.url(), version } as const;
  const transport = new HttpsTransport({ ...options, connections: 1, timeout: 5_000 });
  const token = hasToken ? { protection_access_token: 'a-token' } : {};
  const outcome = await transport.execute(command, { oxd_id: 'a', ...token }).then(
    (result) => ({ result }),
    (error: unknown) => ({ error: error as OxdError }),
  );
  await transport.close();
  expect('error' in outcome ? secretsIn(inspect(outcome.error, { depth: 9 })) : []).toEqual([]);
  return outcome;
}

const ok = { status: 200, body: { status: 'ok', data: { access: 'granted' } } };
const exception = {
  status: 500,
  body: {
    code: 500,
    message:
      'There was an error processing your request. It has been logged (ID 3f40731e0ef563b0).',
  },
};
const forbidden = (message: string) => ({ status: 403, body: { code: 403, message } });
const text = (status: number, body: string): Reply => ({ status, body });

const NULL =
  'Command response is null, please check oxd-server.log file of oxd-server application.';
const NOT_CONNECTED = 'Command client is not able to connect to oxd-server.';
const ENVELOPE_403 =
  '{"status":"error","data":{"error":"403","details":null,"error_description":"Forbidden Access"}}';

/** Response that is not from oxd. */
interface Foreign {
  readonly status: number;
  readonly code: string;
  readonly mayHaveRun: boolean;
  /** `mayHaveRun` of the same status in a message of Dropwizard, if it differs. */
  readonly byOxd?: boolean;
}

const EXTENSION = ['3.1.1', '3.1.2', '3.1.3', '3.1.4'] as const;
const REST = ['4.0', '4.1', '4.2', '4.5'] as const;

describe.each(EXTENSION)('Reply of the HTTPS extension %s', (version) => {
  it('has the data of its envelope', async () => {
    expect(await ask(ok, { version })).toEqual({ result: { access: 'granted' } });
  });

  it('has null as data', async () => {
    const { result } = await ask({ status: 200, body: { status: 'ok', data: null } }, { version });
    expect(result).toBeNull();
  });

  it.each([
    {
      name: 'an error envelope with status 200',
      given: {
        status: 200,
        body: { status: 'error', data: { error: 'invalid_oxd_id', error_description: 'No.' } },
      },
      expected: { error: 'invalid_oxd_id', error_description: 'No.', mayHaveRun: false },
    },
    {
      name: 'an error of oxd itself',
      given: { status: 200, body: { status: 'error', data: { error: 'internal_error' } } },
      expected: { error: 'internal_error', mayHaveRun: true },
    },
    {
      name: 'the body of the authorization server',
      given: { status: 403, body: { code: 403, message: `{"ticket":"${secret}"}` } },
      expected: {
        error: 'http_status_403',
        error_description: `{"ticket":"${secret}"}`,
        mayHaveRun: false,
        cause: expect.objectContaining({ status: 403, message: 'HTTP status 403' }) as unknown,
      },
    },
    {
      name: 'the body of an authorization server that failed',
      given: { status: 502, body: { code: 502, message: '<b>bad gateway</b>' } },
      expected: { error: 'http_status_502', mayHaveRun: true },
    },
    {
      name: 'a failure of the authorization server with status 500',
      given: { status: 500, body: { code: 500, message: '{"error":"x"}' } },
      expected: { error: 'http_status_500', mayHaveRun: true },
    },
    {
      name: 'invalid parameters, which the text quotes',
      given: text(400, `Invalid parameters. Message: Unexpected character in ${secret}`),
      expected: { error: 'bad_request', mayHaveRun: false },
    },
  ])('is OXD_COMMAND_FAILED for $name', async ({ given, expected }) => {
    const { error } = await ask(given, { version, hasToken: true });
    expect(error).toBeInstanceOf(OxdCommandError);
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', ...expected });
  });

  it.each([
    { name: 'an exception', given: exception },
    { name: 'a 403 with an envelope', given: forbidden(ENVELOPE_403) },
    { name: 'a 403 of Dropwizard', given: forbidden('HTTP 403 Forbidden') },
  ])('reports a missing token for $name without a token', async ({ given }) => {
    const { error } = await ask(given, { version });
    expect(error).toMatchObject({ error: 'blank_protection_access_token', mayHaveRun: false });
  });

  it.each([
    { given: exception, error: 'internal_error', mayHaveRun: true },
    {
      given: forbidden(ENVELOPE_403),
      error: 'http_status_403',
      mayHaveRun: false,
    },
  ])('reports $error for a command with a token', async ({ given, ...expected }) => {
    const { error } = await ask(given, { version, hasToken: true });
    expect(error).toMatchObject(expected);
  });

  it.each(['setup_client', 'get_client_token'])(
    'reports no missing token for an exception in %s, which needs none',
    async (command) => {
      const { error } = await ask(exception, { version, command });
      expect(error).toMatchObject({ error: 'internal_error', mayHaveRun: true });
    },
  );

  it('reports an exception in a refresh by the need of a token', async () => {
    const command = 'get_access_token_by_refresh_token';
    const { error } = await ask(exception, { version, command });
    const code = version === '3.1.4' ? 'blank_protection_access_token' : 'internal_error';
    expect(error).toMatchObject({ error: code });
  });

  it.each([200, 500])('of "no reply" with status %i is OXD_TRANSPORT_CLOSED', async (status) => {
    const { error } = await ask(text(status, NULL), { version });
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: true });
    const other = await ask(text(status, NOT_CONNECTED), { version });
    expect(other.error).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: false });
    expect(other.error?.message).toContain('oxdHost and oxdPort');
  });

  it.each([
    { name: 'an object without an envelope', body: { access: 'granted' } },
    { name: 'an unknown status', body: { status: 'done', data: {} } },
    { name: 'data that is a list', body: { status: 'ok', data: [] } },
    { name: 'an error without a code', body: { status: 'error', data: {} } },
    { name: 'null', body: null },
    { name: 'a list', body: [] },
    { name: 'nothing', body: '' },
    { name: 'a sentence', body: `running ${secret}` },
  ])('is malformed if it is $name', async ({ body }) => {
    const { error } = await ask({ status: 200, body }, { version });
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true });
    expect(error?.message).toContain('Check transport.url and transport.version');
  });

  it.each([
    { name: 'an unknown site', error: 'invalid_oxd_id' },
    { name: 'a missing token', error: 'blank_access_token' },
  ])('is malformed if it is the error of a REST API for $name', async ({ error: code }) => {
    const body = { error: code, error_description: 'No.', details: null };
    const { error } = await ask({ status: 400, body }, { version });
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED' });
    expect(error?.message).toContain('Check transport.url and transport.version');
  });
});

describe.each(REST)('Reply of the REST API %s', (version) => {
  it('is the object itself', async () => {
    const body = { access: 'denied', ticket: null };
    expect(await ask({ status: 200, body }, { version })).toEqual({ result: body });
  });

  it.each([
    {
      name: 'an error of oxd',
      given: {
        status: 400,
        body: { error: 'invalid_oxd_id', error_description: 'No.', details: null, reason: null },
      },
      expected: {
        error: 'invalid_oxd_id',
        error_description: 'No.',
        mayHaveRun: false,
        message: 'uma_rs_check_access failed: invalid_oxd_id (No.)',
      },
    },
    {
      name: 'an error of oxd without nulls',
      given: { status: 500, body: { error: 'internal_error', error_description: 'Unknown.' } },
      expected: { error: 'internal_error', mayHaveRun: true },
    },
    {
      name: 'the response of the UMA token endpoint',
      given: { status: 403, body: { error: 'need_info', ticket: secret } },
      expected: {
        error: 'need_info',
        details: { error: 'need_info', ticket: secret },
        mayHaveRun: false,
        cause: expect.objectContaining({ status: 403 }) as unknown,
      },
    },
    {
      name: 'the bare body of an authorization server that failed',
      given: { status: 503, body: { error: 'x_error' } },
      expected: { error: 'x_error', details: { error: 'x_error' }, mayHaveRun: true },
    },
    {
      name: 'the body of the authorization server as text',
      given: { status: 404, body: { code: 404, message: '{"error":"x_error"}' } },
      expected: { error: 'http_status_404', error_description: '{"error":"x_error"}' },
    },
    {
      name: 'a failure with status 200',
      given: { status: 200, body: { code: 200, message: 'not json at all' } },
      expected: { error: 'http_status_200', error_description: 'not json at all' },
    },
    {
      name: 'null with status 200',
      given: { status: 200, body: null },
      expected: { error: 'internal_error', mayHaveRun: true },
    },
    {
      name: 'an exception, also without a token',
      given: exception,
      expected: { error: 'internal_error', mayHaveRun: true },
    },
    {
      name: 'invalid parameters, which the text quotes',
      given: text(400, `Invalid parameters. Message: Cannot construct ${secret}`),
      expected: { error: 'bad_request', mayHaveRun: false },
    },
  ])('is OXD_COMMAND_FAILED for $name', async ({ given, expected }) => {
    const { error } = await ask(given, { version });
    expect(error).toBeInstanceOf(OxdCommandError);
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', ...expected });
  });

  it('reports no token for a 403 with a token: the authorization server may have sent it', async () => {
    const { error } = await ask(forbidden('HTTP 403 Forbidden'), { version, hasToken: true });
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true });
    expect(error?.message).toContain('a proxy in front of it (HTTP status 403');
  });

  it('is a result if it has more properties than code and message', async () => {
    const body = { code: 1, message: 'a', access: 'granted' };
    expect(await ask({ status: 200, body }, { version })).toEqual({ result: body });
  });

  it.each([
    { name: 'a list', body: [] },
    { name: 'a string', body: '"granted"' },
    { name: 'nothing', body: '' },
    { name: 'HTML', body: `<html>${secret}</html>` },
    { name: 'a result of the HTTPS extension', body: ok.body },
    { name: 'an error of the HTTPS extension', body: { status: 'error', data: { error: 'x' } } },
  ])('is malformed if it is $name', async ({ body }) => {
    const { error } = await ask({ status: 200, body }, { version });
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true });
  });

  it.each([
    { name: 'a missing token', hasToken: false },
    { name: 'a token', hasToken: true },
  ])('is malformed if the HTTPS extension rejects $name', async ({ hasToken }) => {
    const { error } = await ask(forbidden(ENVELOPE_403), { version, hasToken });
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED' });
    expect(error?.message).toContain('Check transport.url and transport.version');
  });
});

describe.each(['4.0', '4.1'] as const)('Reply of the REST API %s without a token', (version) => {
  it('reports a missing token for a 403', async () => {
    const { error } = await ask(forbidden('HTTP 403 Forbidden'), { version });
    expect(error).toMatchObject({ error: 'blank_protection_access_token', mayHaveRun: false });
  });

  it('reports none if the text of the 403 only begins so', async () => {
    const { error } = await ask(forbidden('HTTP 403 Forbidden by policy'), { version });
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true });
  });
});

describe.each(['4.2', '4.5'] as const)('Reply of the REST API %s without a token', (version) => {
  it('reports no missing token for a 403, which oxd sends with an error code', async () => {
    const { error } = await ask(forbidden('HTTP 403 Forbidden'), { version });
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true });
  });
});

describe.each(['3.1.4', '4.5'] as const)('Reply over HTTPS that is not from oxd %s', (version) => {
  it.each([
    { status: 404, code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true, byOxd: false },
    { status: 405, code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true, byOxd: false },
    { status: 406, code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true, byOxd: false },
    { status: 415, code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true, byOxd: false },
    { status: 413, code: 'OXD_TRANSPORT_TOO_LARGE', mayHaveRun: false },
    { status: 431, code: 'OXD_TRANSPORT_TOO_LARGE', mayHaveRun: false },
    { status: 204, code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true },
    { status: 400, code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true },
    { status: 503, code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true },
  ] as readonly Foreign[])(
    'is $code for status $status',
    async ({ status, byOxd, ...expected }) => {
      const body = `<h1>${secret}</h1>`;
      const html = await ask({ status, body, type: 'text/html' }, { version });
      expect(html.error).toMatchObject(expected);
      expect(html.error?.message).toContain(`(HTTP status ${status}`);
      const message = `HTTP ${status} Something`;
      const dropwizard = await ask({ status, body: { code: status, message } }, { version });
      // HTML may be that of the authorization server; oxd itself has not executed the command.
      const { mayHaveRun } = expected;
      expect(dropwizard.error).toMatchObject({ ...expected, mayHaveRun: byOxd ?? mayHaveRun });
    },
  );

  it.each([201, 202, 206, 302])(
    'is no result with status %i, which oxd never sends',
    async (status) => {
      const { error } = await ask({ status, body: { ...ok.body, access: 'granted' } }, { version });
      expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true });
    },
  );

  it.each([301, 302, 307, 308])('is malformed for redirect %i', async (status) => {
    const { error } = await ask(text(status, secret), { version });
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true });
    expect(error?.message).toContain('redirect, which is not followed. Check transport.url');
  });

  it('names no content type that is not one', async () => {
    const type = `text/html; ${secret}`;
    const { error } = await ask({ status: 502, body: 'x', type }, { version });
    expect(error?.message).toContain('(HTTP status 502, text/html)');
    const other = await ask({ status: 502, body: 'x', type: secret }, { version });
    expect(other.error?.message).toContain('(HTTP status 502)');
  });

  it('is malformed for an error of another API', async () => {
    const body = { message: 'no route', error: { code: 7 } };
    const { error } = await ask({ status: 500, body }, { version });
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true });
  });

  it('requires a host name of the certificate after "Invalid SNI"', async () => {
    const body = '<html><title>Error 400 Invalid SNI</title></html>';
    const { error } = await ask({ status: 400, body, type: 'text/html' }, { version });
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_UNREACHABLE', mayHaveRun: false });
    expect(error?.message).toContain('Use a host name of its certificate');
  });
});
