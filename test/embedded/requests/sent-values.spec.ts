import { inspect } from 'node:util';
import { FakeAs } from '../../support/fake-as.js';
import { FakeOp, type Answer, type Endpoint, type Seen } from '../../support/fake-op.js';
import { registerSecret } from '../../support/secrets.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { PHOTO } from '../../support/uma-site.js';

let op: FakeOp;
let as: FakeAs;
let transport: TestTransport;
let debugged: string[];

beforeAll(async () => {
  [op, as] = await Promise.all([FakeOp.start(), FakeAs.start()]);
});
afterAll(() => Promise.all([op.close(), as.close()]));
beforeEach(() => {
  op.reset();
  as.reset();
  debugged = [];
  const warnings: string[] = [];
  const log = {
    warn: (text: string) => void warnings.push(text),
    error: () => undefined,
    debug: (text: string) => void debugged.push(text),
  };
  transport = new TestTransport({ log, initialAccessToken: INITIAL });
});
afterEach(() => TestTransport.closeAll());

/** Values of letters only, which have the form of an error code. */
const SECRET = 'correcthorsebattery';
const ODD_SECRET = 'correct horse+battery/%';
const SHORT_SECRET = 'horse';
const INITIAL = 'initialtokenofletters';
const TOKEN = 'accesstokenofletters';
const REFRESH = 'refreshtokenofletters';
const TICKET = 'ticketofletters';
const CLAIM = 'claimtokenofletters';
const PCT = 'pctofletters';
const PAT = 'protectiontokenofletters';
const STATEMENT = 'softwarestatementofletters';
const VALUES = [SECRET, ODD_SECRET, INITIAL, TOKEN, REFRESH, TICKET, CLAIM, PCT, PAT, STATEMENT];
VALUES.forEach(registerSecret);

const site = (client_secret = SECRET) =>
  transport.site(op, { client_id: 'the-client', client_secret });

interface Row {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Default the provider `op`. */
  readonly at?: () => FakeOp;
  readonly run: () => Promise<unknown>;
  readonly quoted: string | ((seen: Seen) => string);
}

const refresh = async (secret?: string) =>
  transport.run('get_access_token_by_refresh_token', {
    oxd_id: await site(secret),
    refresh_token: REFRESH,
  });
const login = async () =>
  transport.run('get_tokens_by_code', await transport.callback(op, await site()));
const userInfo = async () =>
  transport.run('get_user_info', { oxd_id: await site(), access_token: TOKEN });
const introspect = async () =>
  transport.run('introspect_access_token', { oxd_id: await site(), access_token: TOKEN });
const protect = async (secret = SECRET) => {
  const oxd_id = await transport.site(as, { client_id: 'the-client', client_secret: secret });
  return transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
};
const register = () => transport.site(op, { software_statement: STATEMENT });
const authorization = ({ headers }: Seen) => headers.authorization?.split(' ')[1] ?? '';
const formValue =
  (name: string) =>
  ({ form }: Seen) =>
    form.get(name) ?? '';

const ROWS: readonly Row[] = [
  { name: 'client secret', endpoint: 'token', run: () => refresh(), quoted: SECRET },
  {
    name: 'short client secret',
    endpoint: 'token',
    run: () => refresh(SHORT_SECRET),
    quoted: SHORT_SECRET,
  },
  {
    name: 'client secret with signs',
    endpoint: 'token',
    run: () => refresh(ODD_SECRET),
    quoted: ODD_SECRET,
  },
  {
    name: 'percent-encoded client secret',
    endpoint: 'token',
    run: () => refresh(ODD_SECRET),
    quoted: encodeURIComponent(ODD_SECRET),
  },
  {
    name: 'client secret of a PAT request',
    endpoint: 'token',
    at: () => as.op,
    run: () => protect(),
    quoted: SECRET,
  },
  {
    name: 'Basic credentials of a PAT request',
    endpoint: 'token',
    at: () => as.op,
    run: () => protect(),
    quoted: authorization,
  },
  { name: 'Basic credentials', endpoint: 'token', run: () => refresh(), quoted: authorization },
  { name: 'refresh token', endpoint: 'token', run: () => refresh(), quoted: REFRESH },
  { name: 'code', endpoint: 'token', run: login, quoted: formValue('code') },
  { name: 'code verifier', endpoint: 'token', run: login, quoted: formValue('code_verifier') },
  { name: 'access token', endpoint: 'userinfo', run: userInfo, quoted: TOKEN },
  { name: 'introspected token', endpoint: 'introspect', run: introspect, quoted: TOKEN },
  { name: 'initial access token', endpoint: 'register', run: register, quoted: INITIAL },
  { name: 'software statement', endpoint: 'register', run: register, quoted: STATEMENT },
];

/** Places of a response that are printed. */
const PLACES: readonly { readonly place: string; readonly answer: (value: string) => Answer }[] = [
  { place: 'error', answer: (error) => ({ status: 400, json: { error } }) },
  {
    place: 'an error',
    answer: (value) => ({ status: 400, json: { error: `bad ${value}, sorry` } }),
  },
  {
    place: 'error_description',
    answer: (value) => ({
      status: 403,
      json: { error: 'invalid_request', error_description: `I got ${value}.` },
    }),
  },
  {
    place: 'a challenge',
    answer: (value) => ({
      status: 401,
      text: '',
      headers: { 'www-authenticate': `Bearer error="${value}"` },
    }),
  },
];

/** All strings that a log or a page may print. */
function printed(error: Error): string {
  return `${inspect(error, { depth: 20 })} ${JSON.stringify(error)} ${error.stack} ${debugged.join()}`;
}

describe.each(PLACES)('a value that was sent and is returned in $place', ({ answer }) => {
  it.each(ROWS)('is not printed: $name', async ({ endpoint, at = () => op, run, quoted }) => {
    let value = '';
    at().on(endpoint, (seen) => {
      value = typeof quoted === 'string' ? quoted : quoted(seen);
      return answer(value);
    });
    const error = await rejectionOf(run());
    expect(value).not.toBe('');
    expect(printed(error)).not.toContain(value);
    expect(String(error.error_description)).not.toContain(value);
  });
});

describe('an authorization server that quotes', () => {
  it.each([
    { name: 'the ticket', quoted: TICKET },
    { name: 'the claim token', quoted: CLAIM },
    { name: 'the PCT', quoted: PCT },
  ])('$name is not printed, even as the reason of a denial', async ({ quoted }) => {
    for (const status of [400, 403]) {
      as.op.on('token', { status, json: { error: quoted, error_description: quoted } });
      const oxd_id = await transport.site(as, { client_id: 'the-client', client_secret: SECRET });
      const claims = { claim_token: CLAIM, claim_token_format: 'urn:example', pct: PCT };
      const error = await rejectionOf(
        transport.run('uma_rp_get_rpt', { oxd_id, ticket: TICKET, ...claims }),
      );
      expect(printed(error)).not.toContain(quoted);
    }
  });

  it('the PAT is not printed', async () => {
    as.op.on('token', { json: { access_token: PAT, token_type: 'Bearer' } });
    as.on('resources', (seen) => {
      const quoted = authorization(seen);
      return { status: 400, json: { error: quoted, error_description: quoted } };
    });
    const oxd_id = await transport.site(as, { client_id: 'the-client', client_secret: SECRET });
    const error = await rejectionOf(
      transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] }),
    );
    expect(as.seen('resources').map(authorization)).toEqual([PAT]);
    expect(printed(error)).not.toContain(PAT);
    expect(String(error.error_description)).not.toContain(PAT);
  });
});

describe('an error response', () => {
  it.each(['invalid_clientId', 'not_supported', 'aVeryLongErrorCodeOfTheProvider'])(
    'has its error code %s printed unchanged',
    async (code) => {
      op.on('token', { status: 400, json: { error: code } });
      const error = await rejectionOf(refresh());
      expect(error.error).toBe(code);
      expect(error.message).toContain(`[${code}]`);
    },
  );

  it('keeps an error code that contains a short secret', async () => {
    op.on('token', { status: 400, json: { error: 'invalid_client' } });
    expect(await rejectionOf(refresh('client'))).toMatchObject({ error: 'invalid_client' });
  });

  it.each([
    { name: 'equals a sent token', token: 'invalid_grant', error: 'invalid_grant' },
    { name: 'contains a sent token', token: 'invalid_', error: 'invalid_grant' },
    { name: 'is a status of oxd', token: 'http_status_403', error: 'http_status_403' },
  ])('keeps a known error code that $name', async ({ token, error }) => {
    op.on('token', { status: 400, json: { error } });
    const oxd_id = await site();
    const command = 'get_access_token_by_refresh_token';
    const failure = await rejectionOf(transport.run(command, { oxd_id, refresh_token: token }));
    expect(failure.error).toBe(error);
    expect(failure.message).toContain(`[${error}]`);
  });

  it('has a sent token removed that only begins with an error code', async () => {
    const token = 'invalid_grant_of_letters';
    op.on('token', { status: 400, json: { error: token } });
    const oxd_id = await site();
    const command = 'get_access_token_by_refresh_token';
    const failure = await rejectionOf(transport.run(command, { oxd_id, refresh_token: token }));
    expect(printed(failure)).not.toContain(token);
  });

  it('has its description logged at debug, without what was sent', async () => {
    const error_description = `default_acr_values must be empty (${STATEMENT})`;
    op.on('register', {
      status: 400,
      json: { error: 'invalid_client_metadata', error_description },
    });
    const error = await rejectionOf(register());
    expect(error.message).not.toContain('default_acr_values');
    expect(debugged).toEqual([
      'register_site: invalid_client_metadata: default_acr_values must be empty (…)',
    ]);
  });

  it('without a description logs nothing at debug', async () => {
    op.on('register', { status: 400, json: { error: 'invalid_client_metadata' } });
    await rejectionOf(register());
    expect(debugged).toEqual([]);
  });
});
