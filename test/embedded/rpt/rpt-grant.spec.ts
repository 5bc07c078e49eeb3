import { inspect } from 'node:util';
import { generateKeyPair, UnsecuredJWT } from 'jose';
import type { Params } from '../../../lib/commands/command.js';
import {
  InvalidTicketError,
  NeedInfoError,
  RequestDeniedError,
  RequestSubmittedError,
} from '../../../lib/base/errors.js';
import { registerSecret } from '../../support/secrets.js';
import { CALLBACK, rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import {
  TokenEndpoint,
  type TokenAnswer,
  type TokenRequest,
} from '../../support/token-endpoint.js';

const TICKET = 'ticket-0001-sent';
const NEW_TICKET = 'ticket-0002-new';
const RPT = 'rpt-0123456789abcdef';
const PCT = 'pct-0123456789abcdef';
const SECRET = 'client-secret-0123456789';
for (const value of [TICKET, NEW_TICKET, RPT, PCT, SECRET]) registerSecret(value);

const ID_TOKEN = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken';
const GOOD = { access_token: RPT, token_type: 'Bearer' };

let as: TokenEndpoint;
let transport: TestTransport;

beforeAll(async () => {
  as = await TokenEndpoint.start();
});
beforeEach(() => {
  as.reset();
  as.answer = { json: GOOD };
  transport = new TestTransport();
});
afterEach(() => TestTransport.closeAll());
afterAll(() => as.close());

type Asked = Partial<Params<'uma_rp_get_rpt'>>;

async function site(more: Partial<Params<'register_site'>> = {}): Promise<string> {
  return transport.site(as, { client_id: 'the-client', client_secret: SECRET, ...more });
}

async function getRpt(asked: Asked = {}) {
  return transport.run('uma_rp_get_rpt', { oxd_id: await site(), ticket: TICKET, ...asked });
}

function request(): TokenRequest {
  const [first, ...more] = as.requests;
  expect(more).toEqual([]);
  if (!first) throw new Error('nothing was asked');
  return first;
}

describe('the request', () => {
  it('goes to the token endpoint of UMA discovery with the client of the site', async () => {
    await getRpt();
    const { path, form, headers } = request();
    expect(path).toBe('/uma/token');
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:uma-ticket',
      ticket: TICKET,
      submit_request: 'false',
    });
    const credentials = Buffer.from(String(headers.authorization).slice(6), 'base64').toString();
    expect(decodeURIComponent(credentials)).toBe(`the-client:${SECRET}`);
    expect(headers.accept).toBe('application/json');
  });

  it('goes to the token endpoint of OpenID discovery if UMA discovery names none', async () => {
    as.discovery = { token_endpoint: undefined };
    await getRpt();
    expect(request().path).toBe('/token');
  });

  it('authenticates the client with the method of UMA discovery', async () => {
    as.discovery = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
    await getRpt();
    const { form, headers } = request();
    expect(headers.authorization).toBeUndefined();
    expect(form.get('client_secret')).toBe(SECRET);
  });

  it('needs no OpenID discovery', async () => {
    as.hasOpenid = false;
    await expect(getRpt()).resolves.toMatchObject({ access_token: RPT });
  });

  const rows: readonly (readonly [string, Asked, Record<string, string>])[] = [
    [
      'a claim token',
      { claim_token: 'ct', claim_token_format: ID_TOKEN },
      { claim_token: 'ct', claim_token_format: ID_TOKEN },
    ],
    ['a PCT', { pct: PCT }, { pct: PCT }],
    ['an RPT to extend', { rpt: RPT }, { rpt: RPT }],
    ['one scope', { scope: ['read'] }, { scope: 'read' }],
    ['scopes, joined by blanks', { scope: ['read', ' ', 'all '] }, { scope: 'read all' }],
    ['no scopes', { scope: [] }, {}],
    ['omits blank parameters', { pct: '', rpt: ' ', claim_token: '', claim_token_format: '' }, {}],
    ['omits state, which only oxd accepts', { state: 'x' }, {}],
    ['a subject_token', { params: { subject_token: 'opaque' } }, { subject_token: 'opaque' }],
    [
      'submission to the resource owner',
      { params: { submit_request: 'true' } },
      { submit_request: 'true' },
    ],
    [
      'no submission to the resource owner',
      { params: { submit_request: 'false' } },
      { submit_request: 'false' },
    ],
    ['a value that needs encoding', { params: { p: 'a b&c=d€' } }, { p: 'a b&c=d€' }],
  ];

  it.each(rows)('%s', async (_title, asked, sent) => {
    await getRpt(asked);
    const { grant_type, ...form } = Object.fromEntries(request().form);
    expect(grant_type).toContain('uma-ticket');
    expect(form).toEqual({ ticket: TICKET, submit_request: 'false', ...sent });
  });

  const RESERVED = [
    ...['grant_type', 'ticket', 'claim_token', 'claim_token_format', 'pct', 'rpt', 'scope'],
    ...['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'],
    'response_mode',
  ];

  const bad: readonly (readonly [string, object, string])[] = [
    ['no ticket', { ticket: undefined }, 'invalid_ticket_parameter'],
    ['an empty ticket', { ticket: '' }, 'invalid_ticket_parameter'],
    ['a blank ticket', { ticket: ' ' }, 'invalid_ticket_parameter'],
    ['a claim token alone', { claim_token: 'x' }, 'invalid_claim_token_or_claim_token_form'],
    ['a format alone', { claim_token_format: ID_TOKEN }, 'invalid_claim_token_or_claim_token_form'],
    [
      'a blank format',
      { claim_token: 'x', claim_token_format: ' ' },
      'invalid_claim_token_or_claim_token_form',
    ],
    ['scope as a string', { scope: 'read' }, 'bad_request'],
    ['params that are not strings', { params: { a: 1 } }, 'bad_request'],
    ['an invalid submit_request', { params: { submit_request: 'maybe' } }, 'bad_request'],
    ...RESERVED.map(
      (name) => [`params.${name}`, { params: { [name]: 'decision' } }, 'bad_request'] as const,
    ),
  ];

  it.each(bad)('rejects %s before a request is sent', async (_title, asked, word) => {
    const error = await rejectionOf(getRpt(asked as Asked));
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: word, mayHaveRun: false });
    expect(as.requests).toEqual([]);
  });

  it('is not sent if UMA discovery fails', async () => {
    as.discovery = { issuer: 'https://other.example' };
    const error = await rejectionOf(getRpt());
    expect(error).toMatchObject({ error: 'no_uma_discovery_response', mayHaveRun: false });
    expect(as.requests).toEqual([]);
  });
});

describe('a request without the identity of a user', () => {
  const keycloak = { policy_endpoint: 'https://as.example.com/policy' };
  const warnings = () => transport.warnings.filter((line) => line.includes('no user identity'));
  const JWT = 'urn:ietf:params:oauth:token-type:jwt';

  const without: { name: string; asked: Asked }[] = [
    { name: 'a ticket only', asked: {} },
    { name: 'an old RPT', asked: { rpt: RPT } },
    { name: 'a PCT', asked: { pct: PCT } },
    { name: 'pushed claims', asked: { claim_token: 'e30', claim_token_format: JWT } },
    { name: 'a blank subject_token', asked: { params: { subject_token: ' ' } } },
  ];

  it.each(without)('warns once per client at Keycloak: $name', async ({ asked }) => {
    as.discovery = keycloak;
    const oxd_id = await site();
    for (let times = 0; times < 3; times++) {
      await transport.run('uma_rp_get_rpt', { oxd_id, ticket: TICKET, ...asked });
    }
    expect(warnings()).toEqual([expect.stringContaining('evaluates the service account')]);
    const other = await site({ client_id: 'another-client' });
    await transport.run('uma_rp_get_rpt', { oxd_id: other, ticket: TICKET, ...asked });
    expect(warnings()).toHaveLength(2);
  });

  const identities: { name: string; asked: Asked }[] = [
    { name: 'an ID token', asked: { claim_token: 'x', claim_token_format: ID_TOKEN } },
    { name: 'a subject_token', asked: { params: { subject_token: 'opaque' } } },
  ];

  it.each(identities)('does not warn if it has $name', async ({ asked }) => {
    as.discovery = keycloak;
    await getRpt(asked);
    expect(warnings()).toEqual([]);
  });

  it('does not warn at another authorization server', async () => {
    await getRpt();
    expect(warnings()).toEqual([]);
  });
});

describe('an RPT', () => {
  const rows: readonly (readonly [string, object, object])[] = [
    ['alone', {}, {}],
    ['with a lifetime', { expires_in: 300 }, { expires_in: 300 }],
    ['with a PCT', { pct: PCT }, { pct: PCT }],
    ['with a PCT that is not a string', { pct: { a: 1 } }, {}],
    ['with an empty PCT', { pct: '' }, {}],
    ['that was extended', { upgraded: true }, { upgraded: true }],
    ['that was not extended', { upgraded: false }, { upgraded: false }],
    ['extended as a string', { upgraded: 'true' }, {}],
    ['extended as a number', { upgraded: 1 }, {}],
    ['in lower case', { token_type: 'bearer' }, {}],
    ['in upper case', { token_type: 'BEARER' }, {}],
    ['with unused parameters', { refresh_token: 'x', 'not-before-policy': 0, partial: true }, {}],
  ];

  it.each(rows)('%s', async (_title, more, result) => {
    as.answer = { json: { ...GOOD, ...more } };
    const rpt = { access_token: RPT, token_type: 'Bearer', upgraded: false };
    expect(await getRpt()).toStrictEqual({ ...rpt, ...result });
  });

  const bad: readonly (readonly [string, TokenAnswer, string])[] = [
    ['no access token', { json: { token_type: 'Bearer' } }, 'no_access_token'],
    ['an empty access token', { json: { ...GOOD, access_token: '' } }, 'no_access_token'],
    [
      'an access token that is not a string',
      { json: { ...GOOD, access_token: 7 } },
      'no_access_token',
    ],
    ['no token type', { json: { access_token: RPT } }, 'internal_error'],
    ['a token of another type', { json: { ...GOOD, token_type: 'DPoP' } }, 'internal_error'],
    ['a token of an unknown type', { json: { ...GOOD, token_type: 'N_A' } }, 'internal_error'],
    ['a decision', { json: { result: true } }, 'no_access_token'],
    ['permissions', { json: [{ rsid: 'x' }] }, 'internal_error'],
    ['need_info with 200', { json: { error: 'need_info', ticket: NEW_TICKET } }, 'no_access_token'],
    ['201', { status: 201, json: GOOD }, 'internal_error'],
    ['nothing', { text: '' }, 'internal_error'],
    ['text', { text: 'granted' }, 'internal_error'],
    ['HTML', { text: '<html></html>' }, 'internal_error'],
    [
      'JSON that is cut off',
      { text: '{"access_token":"', headers: { 'content-type': 'application/json' } },
      'internal_error',
    ],
    [
      'a redirect',
      { status: 302, headers: { location: 'https://evil.example/' } },
      'internal_error',
    ],
  ];

  it.each(bad)('%s is none', async (_title, answer, word) => {
    as.answer = answer;
    const error = await rejectionOf(getRpt());
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: word, mayHaveRun: true });
    expect(as.requests).toHaveLength(1);
  });
});

describe('an error response', () => {
  const claims = [{ name: 'email', issuer: ['https://idp.example'] }];
  const page = 'https://as.example/gather';

  it('need_info returns its ticket, claims and page', async () => {
    const info = { ticket: NEW_TICKET, required_claims: claims, redirect_user: page };
    as.answer = { status: 403, json: { error: 'need_info', ...info } };
    const error = await rejectionOf(getRpt());
    expect(error).toBeInstanceOf(NeedInfoError);
    expect(error).toMatchObject({ ...info, command: 'uma_rp_get_rpt', mayHaveRun: false });
  });

  const rows: readonly (readonly [string, TokenAnswer, abstract new (...args: never) => Error])[] =
    [
      [
        'of the specification',
        { status: 403, json: { error: 'request_denied' } },
        RequestDeniedError,
      ],
      [
        'of Keycloak',
        { status: 403, json: { error: 'access_denied', error_description: 'not_authorized' } },
        RequestDeniedError,
      ],
      [
        'of Keycloak that says submitted',
        { status: 403, json: { error: 'access_denied', error_description: 'request_submitted' } },
        RequestDeniedError,
      ],
      ['of Gluu', { status: 403, json: { error: 'forbidden_by_policy' } }, RequestDeniedError],
      [
        'of SolidLab',
        { status: 403, json: { status: 403, message: 'Request denied' } },
        RequestDeniedError,
      ],
      [
        'of SolidLab that asks for claims',
        { status: 403, json: { ticket: NEW_TICKET, required_claims: claims } },
        NeedInfoError,
      ],
      [
        'of an owner to come',
        { status: 403, json: { error: 'request_submitted', ticket: NEW_TICKET } },
        RequestSubmittedError,
      ],
      ['of a ticket', { status: 400, json: { error: 'invalid_grant' } }, InvalidTicketError],
      [
        'of a ticket at Keycloak',
        { status: 403, json: { error: 'invalid_ticket' } },
        InvalidTicketError,
      ],
      [
        'of a ticket at Gluu',
        { status: 400, json: { error: 'invalid_ticket' } },
        InvalidTicketError,
      ],
      [
        'of a ticket at SolidLab',
        { status: 400, json: { message: 'The provided ticket is not valid.' } },
        InvalidTicketError,
      ],
      [
        'with a challenge beside it',
        {
          status: 403,
          json: { error: 'request_denied' },
          headers: { 'www-authenticate': 'Bearer error="x"' },
        },
        RequestDeniedError,
      ],
      [
        'that is not labelled JSON',
        { status: 403, text: '{"error":"request_denied"}' },
        RequestDeniedError,
      ],
    ];

  it.each(rows)('%s', async (_title, answer, type) => {
    as.answer = answer;
    const error = await rejectionOf(getRpt());
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ command: 'uma_rp_get_rpt', mayHaveRun: false });
    expect(as.requests).toHaveLength(1);
  });

  it('of Keycloak is "submitted" after a submission to the owner', async () => {
    const json = { error: 'access_denied', error_description: 'request_submitted' };
    as.answer = { status: 403, json };
    const error = await rejectionOf(getRpt({ params: { submit_request: 'true' } }));
    expect(error).toBeInstanceOf(RequestSubmittedError);
  });

  it.each(['need_info', 'request_submitted'])(
    '%s with the used ticket is a failure',
    async (word) => {
      as.answer = { status: 403, json: { error: word, ticket: TICKET } };
      const error = await rejectionOf(getRpt());
      expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: word });
      expect(error).not.toHaveProperty('ticket');
    },
  );

  const failures: readonly (readonly [string, TokenAnswer, string, boolean])[] = [
    [
      'the client is not known',
      { status: 401, json: { error: 'invalid_client' } },
      'invalid_client',
      false,
    ],
    [
      'the client is not known, in a challenge',
      { status: 401, text: '', headers: { 'www-authenticate': 'Basic realm="x"' } },
      'invalid_client',
      false,
    ],
    [
      'the bearer is invalid',
      { status: 400, json: { error: 'invalid_grant', error_description: 'Invalid bearer token' } },
      'invalid_grant',
      false,
    ],
    [
      'the subject is invalid',
      { status: 400, json: { error: 'unauthorized_client' } },
      'unauthorized_client',
      false,
    ],
    [
      'need_info without a ticket',
      { status: 403, json: { error: 'need_info', required_claims: claims } },
      'need_info',
      false,
    ],
    [
      'the claim token is invalid at SolidLab',
      { status: 403, json: { status: 403, message: 'Expired refresh token x' } },
      'internal_error',
      false,
    ],
    ['a proxy says no', { status: 403, text: '<html>403</html>' }, 'internal_error', false],
    ['it is not there', { status: 404, text: 'Not Found' }, 'internal_error', false],
    ['it is broken', { status: 500, json: { error: 'server_error' } }, 'server_error', true],
    [
      'it denies with 500',
      { status: 500, json: { error: 'request_denied' } },
      'request_denied',
      true,
    ],
    ['a gateway is bad', { status: 502, text: '<b>bad gateway</b>' }, 'internal_error', true],
    ['it hangs up', { drop: true }, 'internal_error', true],
  ];

  it.each(failures)('is no UMA outcome if %s', async (_title, answer, word, mayHaveRun) => {
    as.answer = answer;
    const error = await rejectionOf(getRpt());
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: word, mayHaveRun });
  });

  it('is no UMA outcome without a body', async () => {
    transport = new TestTransport({ timeout: 50 });
    as.answer = { hang: true };
    const error = await rejectionOf(getRpt());
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', mayHaveRun: true });
  });

  it('never discloses a ticket', async () => {
    for (const [, answer] of [...rows, ...failures]) {
      const text = `for ${TICKET} take ${NEW_TICKET}`;
      const json = { ...(answer.json as object), error_description: text, ticket: NEW_TICKET };
      as.answer = answer.json ? { ...answer, json } : answer;
      const error = await rejectionOf(getRpt());
      const printed = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)}`;
      for (const ticket of [TICKET, NEW_TICKET]) expect(printed).not.toContain(ticket);
    }
  });
});

describe('an RPT for a user', () => {
  let idToken: string;
  beforeEach(async () => {
    idToken = await as.sign({ aud: 'the-client' });
  });
  const forAlice = (): Asked => ({ claim_token: idToken, claim_token_format: ID_TOKEN });

  async function answerWith(rpt: string): Promise<void> {
    registerSecret(rpt);
    as.answer = { json: { ...GOOD, access_token: rpt } };
  }

  it.each([
    ['claim_token', forAlice],
    ['subject_token', (): Asked => ({ params: { subject_token: idToken } })],
    ['both', (): Asked => ({ ...forAlice(), params: { subject_token: idToken } })],
  ])('is accepted for the user of %s', async (_where, asked) => {
    const rpt = await as.sign({ aud: 'the-api' });
    await answerWith(rpt);
    await expect(getRpt(asked())).resolves.toMatchObject({ access_token: rpt });
  });

  it.each([
    ['claim_token', forAlice],
    ['subject_token', (): Asked => ({ params: { subject_token: idToken } })],
  ])('is discarded for a user other than that of %s', async (_where, asked) => {
    await answerWith(await as.sign({ sub: 'service-account' }));
    const error = await rejectionOf(getRpt(asked()));
    expect(error).toMatchObject({
      code: 'OXD_COMMAND_FAILED',
      error: 'invalid_subject_identifier',
      mayHaveRun: true,
    });
  });

  it('is discarded without a subject', async () => {
    await answerWith(await as.sign({ sub: undefined }));
    expect(await rejectionOf(getRpt(forAlice()))).toMatchObject({
      error: 'invalid_subject_identifier',
    });
  });

  const signed = async (): Promise<string> => {
    const { privateKey } = await generateKeyPair('RS256');
    return as.sign({}, privateKey);
  };
  const unverifiable: readonly (readonly [string, () => Promise<string>])[] = [
    ['it names another issuer', () => as.sign({ iss: 'https://other.example' })],
    ['its issuer is not a string', () => as.sign({ iss: 7 as never })],
    ['another key signed it', signed],
    [
      'it is not signed',
      () => Promise.resolve(new UnsecuredJWT({ iss: as.issuer, sub: 'alice' }).encode()),
    ],
    ['it has expired', () => as.sign({ exp: 1 })],
    ['it is not valid yet', () => as.sign({ nbf: 4102444800 })],
  ];

  it.each(unverifiable)('is discarded if %s', async (_why, make) => {
    await answerWith(await make());
    const error = await rejectionOf(getRpt(forAlice()));
    expect(error).toMatchObject({
      code: 'OXD_COMMAND_FAILED',
      error: 'failed_to_verify_subject_identifier',
      mayHaveRun: true,
    });
  });

  it('is discarded if the keys of its issuer are unavailable', async () => {
    as.hasKeys = false;
    await answerWith(await as.sign({}));
    const error = await rejectionOf(getRpt(forAlice()));
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', mayHaveRun: true });
    expect(error.message).toContain('jwks_uri');
  });

  it('is verified with new keys if the old ones do not match', async () => {
    const oxd_id = await site();
    const ask = () => transport.run('uma_rp_get_rpt', { oxd_id, ticket: TICKET, ...forAlice() });
    await answerWith(await as.sign({}));
    await ask();
    await as.rotate('k2');
    await answerWith(await as.sign({}));
    await expect(ask()).resolves.toMatchObject({ token_type: 'Bearer' });
  });

  const taken: readonly (readonly [string, () => Promise<string>])[] = [
    ['opaque', () => Promise.resolve(RPT)],
    ['a JWT that names no issuer', () => as.sign({ iss: undefined, sub: undefined })],
  ];

  it.each(taken)('is accepted unverified if it is %s', async (_what, make) => {
    const rpt = await make();
    await answerWith(rpt);
    await expect(getRpt(forAlice())).resolves.toMatchObject({ access_token: rpt });
  });

  it.each([
    ['no user is named', (): Asked => ({})],
    ['the subject_token is opaque', (): Asked => ({ params: { subject_token: 'opaque' } })],
    [
      'the claim token is of another format',
      (): Asked => ({ ...forAlice(), claim_token_format: 'urn:ietf:params:oauth:token-type:jwt' }),
    ],
  ])('is not verified if %s', async (_why, asked) => {
    await answerWith(await as.sign({ sub: 'service-account' }));
    await expect(getRpt(asked())).resolves.toMatchObject({ token_type: 'Bearer' });
  });

  it('is not verified if the tokens name no user', async () => {
    for (const claims of [
      { sub: undefined },
      { sub: '' },
      { sub: 7 as never },
      { iss: undefined },
    ]) {
      idToken = await as.sign(claims);
      await answerWith(await as.sign({ sub: 'service-account' }));
      await expect(getRpt(forAlice())).resolves.toMatchObject({ token_type: 'Bearer' });
    }
  });

  it('is not compared with a user of another issuer', async () => {
    idToken = await as.sign({ iss: 'https://idp.example', sub: 'alice@idp' });
    await answerWith(await as.sign({ sub: 'alice' }));
    await expect(getRpt(forAlice())).resolves.toMatchObject({ token_type: 'Bearer' });
  });

  it('is not requested if two users are named', async () => {
    const subject_token = await as.sign({ sub: 'bob' });
    const error = await rejectionOf(getRpt({ ...forAlice(), params: { subject_token } }));
    expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(as.requests).toEqual([]);
  });
});

describe('the URL for claims gathering', () => {
  const REDIRECT = 'https://app.example.com/claims?from=as';
  type Asked = Partial<Params<'uma_rp_get_claims_gathering_url'>>;

  async function claimsUrl(asked: Asked = {}, oxd_id?: string) {
    return transport.run('uma_rp_get_claims_gathering_url', {
      oxd_id: oxd_id ?? (await site()),
      ticket: TICKET,
      claims_redirect_uri: REDIRECT,
      ...asked,
    });
  }

  it('is the claims interaction endpoint with the parameters that bind the redirect', async () => {
    const { url, state } = await claimsUrl();
    registerSecret(state);
    const { origin, pathname, searchParams } = new URL(url);
    expect(`${origin}${pathname}`).toBe(`${as.issuer}/gather`);
    expect(Object.fromEntries(searchParams)).toEqual({
      theme: 'plain',
      client_id: 'the-client',
      ticket: TICKET,
      claims_redirect_uri: REDIRECT,
      state,
    });
    expect(Buffer.from(state, 'base64url')).toHaveLength(32);
    expect(as.requests).toEqual([]);
  });

  it('has a new state each time', async () => {
    const states = await Promise.all([claimsUrl(), claimsUrl()]);
    expect(new Set(states.map(({ state }) => state)).size).toBe(2);
  });

  it('contains the given state and custom parameters', async () => {
    const { url, state } = await claimsUrl({
      ticket: 't&state=x',
      state: 'my state&x=1',
      custom_parameters: { lang: 'de CH', theme: 'dark' },
    });
    expect(state).toBe('my state&x=1');
    const query = new URL(url).searchParams;
    expect(query.get('ticket')).toBe('t&state=x');
    expect([...query.keys()].toSorted()).toEqual(
      ['claims_redirect_uri', 'client_id', 'lang', 'state', 'theme', 'ticket'].toSorted(),
    );
    expect(query.getAll('state')).toEqual([state]);
    expect(query.getAll('theme')).toEqual(['dark']);
  });

  const bad: readonly (readonly [string, object, string])[] = [
    ['no ticket', { ticket: undefined }, 'invalid_ticket_parameter'],
    ['a blank ticket', { ticket: ' ' }, 'invalid_ticket_parameter'],
    [
      'no redirect URI',
      { claims_redirect_uri: undefined },
      'invalid_claims_redirect_uri_parameter',
    ],
    ['a blank redirect URI', { claims_redirect_uri: ' ' }, 'invalid_claims_redirect_uri_parameter'],
    [
      'a relative redirect URI',
      { claims_redirect_uri: '/claims' },
      'invalid_claims_redirect_uri_parameter',
    ],
    [
      'a fragment',
      { claims_redirect_uri: `${REDIRECT}#x` },
      'invalid_claims_redirect_uri_parameter',
    ],
    [
      'an empty fragment',
      { claims_redirect_uri: `${REDIRECT}#` },
      'invalid_claims_redirect_uri_parameter',
    ],
    ['a blank state', { state: ' ' }, 'bad_request'],
    ...['oxd_id', 'client_id', 'ticket', 'state', 'claims_redirect_uri'].map(
      (name) =>
        [
          `custom_parameters.${name}`,
          { custom_parameters: { [name]: 'x' } },
          'bad_request',
        ] as const,
    ),
  ];

  it.each(bad)('rejects %s', async (_title, asked, error) => {
    expect(await rejectionOf(claimsUrl(asked as Asked))).toMatchObject({
      code: 'OXD_COMMAND_FAILED',
      error,
      mayHaveRun: false,
    });
  });

  it('requires an exact registered redirect URI', async () => {
    const claims_redirect_uri = ['https://app.example.com/other', REDIRECT];
    const oxd_id = await site({ claims_redirect_uri });
    await expect(claimsUrl({}, oxd_id)).resolves.toHaveProperty('url');
    for (const uri of [CALLBACK, `${REDIRECT}&x=1`, REDIRECT.toUpperCase()])
      expect(await rejectionOf(claimsUrl({ claims_redirect_uri: uri }, oxd_id))).toMatchObject({
        error: 'invalid_claims_redirect_uri_parameter',
      });
  });

  it('is not available if the server gathers no claims', async () => {
    as.discovery = { claims_interaction_endpoint: undefined };
    const error = await rejectionOf(claimsUrl());
    expect(error).toMatchObject({ error: 'unsupported_operation', mayHaveRun: false });
    expect(error.message).toContain('claims_interaction_endpoint');
  });
});
