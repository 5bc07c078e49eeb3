import { inspect } from 'node:util';
import {
  InvalidTicketError,
  NeedInfoError,
  type OxdCommandError,
  RequestDeniedError,
  RequestSubmittedError,
} from '../../lib/base/errors.js';
import { toUmaError } from '../../lib/commands/rpt-error-response.js';
import { registerSecret } from '../support/secrets.js';

const TICKET = 'new-ticket-5f3a9b';
const SENT = 'old-ticket-77aa01';
for (const ticket of [TICKET, SENT]) registerSecret(ticket);

const NOT_ASKED = { submit: false, ticket: SENT };
const ASKED = { submit: true, ticket: SENT };
const CLAIMS = [{ name: 'email', issuer: ['https://idp.example'] }];

const OUTCOMES = {
  need_info: [NeedInfoError, 'UMA_NEED_INFO'],
  submitted: [RequestSubmittedError, 'UMA_REQUEST_SUBMITTED'],
  denied: [RequestDeniedError, 'UMA_REQUEST_DENIED'],
  invalid_ticket: [InvalidTicketError, 'UMA_INVALID_TICKET'],
  failure: undefined,
} as const;

type Outcome = keyof typeof OUTCOMES;

function expectOutcome(error: OxdCommandError | undefined, outcome: Outcome): void {
  expect(error && [error.constructor, error.code]).toEqual(OUTCOMES[outcome]);
}

/** What Gluu and Janssen, its successor, have in common. */
const atGluu = (
  title: string,
  status: number,
  body: object,
  outcome: Outcome,
): readonly (readonly [string, string, number, unknown, Outcome])[] =>
  ['Gluu', 'Janssen'].map((vendor) => [vendor, title, status, body, outcome] as const);

const error = (word: string, more: object = {}): object => ({ error: word, ...more });
const said = (word: string, text: string): object => error(word, { error_description: text });

/** uma2-facts §4.4, keycloak.md §2 and §3.4: who answers what with which status, and what it is. */
const ANSWERS: readonly (readonly [string, string, number, unknown, Outcome])[] = [
  ['spec', 'bad ticket', 400, error('invalid_grant'), 'invalid_ticket'],
  ['spec', 'bad scope', 400, error('invalid_scope'), 'failure'],
  ['spec', 'more claims', 403, error('need_info', { ticket: TICKET }), 'need_info'],
  ['spec', 'policy says no', 403, error('request_denied'), 'denied'],
  [
    'spec',
    'waiting for the owner',
    403,
    error('request_submitted', { ticket: TICKET }),
    'submitted',
  ],
  ['spec', 'bad client', 401, error('invalid_client'), 'failure'],
  ['spec', 'bad client', 400, error('unauthorized_client'), 'failure'],
  ['spec', 'bad request', 400, error('invalid_request'), 'failure'],
  ['spec', 'no such grant', 400, error('unsupported_grant_type'), 'failure'],

  [
    'Keycloak',
    'broken ticket',
    403,
    said('invalid_ticket', 'Ticket verification failed'),
    'invalid_ticket',
  ],
  [
    'Keycloak',
    'expired ticket',
    403,
    said('invalid_ticket', 'Invalid permission ticket.'),
    'invalid_ticket',
  ],
  ['Keycloak', 'policy says no', 403, said('access_denied', 'not_authorized'), 'denied'],
  ['Keycloak', 'says submitted unasked', 403, said('access_denied', 'request_submitted'), 'denied'],
  ['Keycloak', 'documented denial', 403, error('request_denied'), 'denied'],
  ['Keycloak', 'bad bearer', 400, said('invalid_grant', 'Invalid bearer token'), 'failure'],
  ['Keycloak 26.2', 'bad bearer', 401, said('invalid_grant', 'Invalid bearer token'), 'failure'],
  [
    'Keycloak',
    'bad subject_token',
    400,
    said('unauthorized_client', 'Invalid identity'),
    'failure',
  ],
  [
    'Keycloak',
    'bad secret',
    401,
    said('unauthorized_client', 'Invalid client or Invalid client credentials'),
    'failure',
  ],
  ['Keycloak', 'unknown client', 401, error('invalid_client'), 'failure'],
  ['Keycloak', 'bad rpt', 403, error('invalid_rpt'), 'failure'],
  ['Keycloak', 'bad claim token format', 400, error('invalid_request'), 'failure'],
  [
    'Keycloak',
    'claim token of another client',
    400,
    said('invalid_claim_token', 'Token issued to a different client'),
    'failure',
  ],
  ['Keycloak', 'pushed claims that are no lists', 500, error('server_error'), 'failure'],
  ['Keycloak', 'another JWT as ticket', 400, error('invalid_request'), 'failure'],
  ['Keycloak', 'another JWT as ticket', 403, error('access_denied'), 'denied'],
  [
    'Keycloak',
    'no ticket',
    400,
    said('invalid_request', 'You must provide the issuedFor'),
    'failure',
  ],
  ['Keycloak', 'unknown resource', 400, error('invalid_resource'), 'failure'],
  ['Keycloak', 'unknown scope', 400, error('invalid_scope'), 'failure'],
  [
    'Keycloak',
    'unknown audience',
    400,
    said('invalid_request', 'Unknown resource server id'),
    'failure',
  ],
  [
    'Keycloak',
    'audience without permissions',
    400,
    said('invalid_request', 'Client does not support permissions'),
    'failure',
  ],
  [
    'Keycloak',
    'claim token too long',
    400,
    said('invalid_request', "The size of OIDC parameter 'claim_token' is longer than allowed."),
    'failure',
  ],
  ['Keycloak', 'no resource server', 403, error('invalid_clientId'), 'failure'],
  ['Keycloak', 'no such path', 404, error('HTTP 404 Not Found'), 'failure'],
  ['Keycloak', 'starting up', 503, error('server_error'), 'failure'],

  ['Gluu', 'bad ticket', 400, error('invalid_ticket'), 'invalid_ticket'],
  ['Gluu', 'policy says no', 403, said('forbidden_by_policy', 'Forbidden by policy.'), 'denied'],
  [
    'Gluu',
    'more claims',
    403,
    error('need_info', {
      ticket: TICKET,
      required_claims: CLAIMS,
      redirect_user: 'https://as.example/gather',
    }),
    'need_info',
  ],

  ['Janssen', 'bad ticket', 400, said('invalid_ticket', 'Ticket is not known'), 'invalid_ticket'],
  ['Janssen', 'policy says no', 403, error('forbidden_by_policy'), 'denied'],
  [
    'Janssen',
    'more claims',
    403,
    error('need_info', { ticket: TICKET, redirect_user: 'https://as.example/gather' }),
    'need_info',
  ],

  ...atGluu('bad client', 401, error('invalid_client'), 'failure'),
  ...atGluu('disabled client', 403, error('disabled_client'), 'failure'),
  ...atGluu('bad rpt', 400, error('invalid_rpt'), 'failure'),
  ...atGluu('bad pct', 401, error('invalid_pct'), 'failure'),
  ...atGluu('bad claim token', 400, error('invalid_claim_token'), 'failure'),
  ...atGluu('bad claim token format', 400, error('invalid_claim_token_format'), 'failure'),
  ...atGluu('bad resource, wrong grant', 400, error('invalid_resource_id'), 'failure'),
  ...atGluu('bad scope', 400, error('invalid_scope'), 'failure'),
  ...atGluu('PAT refused (asked by oxd)', 401, error('access_denied'), 'failure'),
  ...atGluu('PAT without scope (asked by oxd)', 406, error('invalid_client_scope'), 'failure'),

  [
    'SolidLab',
    'bad ticket',
    400,
    { status: 400, message: 'The provided ticket is not valid.' },
    'invalid_ticket',
  ],
  [
    'SolidLab',
    'policy says no',
    403,
    { status: 403, description: 'Forbidden', message: 'Request denied' },
    'denied',
  ],
  ['SolidLab', 'more claims', 403, { ticket: TICKET, required_claims: CLAIMS }, 'need_info'],
  [
    'SolidLab',
    'bad claim token',
    400,
    { status: 400, message: 'Every claim requires a format' },
    'failure',
  ],
  [
    'SolidLab',
    'bad claim token format',
    400,
    { status: 400, message: 'The provided "claim_token_format" is not supported.' },
    'failure',
  ],
  [
    'SolidLab',
    'expired claim token',
    403,
    { status: 403, description: 'Forbidden', message: 'Expired refresh token x' },
    'failure',
  ],
  [
    'SolidLab',
    'claim token of another issuer',
    403,
    {
      status: 403,
      description: 'Forbidden',
      message: 'Invalid issuer for x, expected y but got z',
    },
    'failure',
  ],
];

/** Made up: what no authorization server should say, and what must not come of it. */
const ODD: readonly (readonly [string, number | undefined, unknown, Outcome])[] = [
  ['an unknown word with 403', 403, error('not_today'), 'denied'],
  ['an unknown word with 400', 400, error('not_today'), 'failure'],
  ['an unknown word of an unknown status', undefined, error('not_today'), 'failure'],
  ['need_info with 200', 200, error('need_info', { ticket: TICKET }), 'failure'],
  ['need_info with 500', 500, error('need_info', { ticket: TICKET }), 'failure'],
  ['request_denied with 401', 401, error('request_denied'), 'failure'],
  ['request_denied with 302', 302, error('request_denied'), 'failure'],
  [
    'need_info of an unknown status',
    undefined,
    error('need_info', { ticket: TICKET }),
    'need_info',
  ],
  [
    'claims without a word, of an unknown status',
    undefined,
    { error: null, ticket: TICKET, required_claims: CLAIMS },
    'need_info',
  ],
  ['claims without a word with 400', 400, { ticket: TICKET, required_claims: CLAIMS }, 'failure'],
  [
    'claims beside a word of the client',
    403,
    error('invalid_client', { ticket: TICKET, required_claims: CLAIMS }),
    'failure',
  ],
  ['a ticket alone', 403, { ticket: TICKET }, 'denied'],
  ['nothing said', 403, {}, 'denied'],
  ['a message alone', 403, { message: 'Not today' }, 'denied'],
  ['a word beside a message', 403, error('not_today', { status: 403, message: 'x' }), 'denied'],
  ['a message that is no text', 403, { status: 403, message: {} }, 'denied'],
  ['nothing said, of an unknown status', undefined, {}, 'failure'],
  [
    'nulls',
    undefined,
    { error: null, ticket: null, required_claims: null, redirect_user: null },
    'failure',
  ],
  ['an error that is no text', 403, { error: { code: 'need_info' }, ticket: TICKET }, 'denied'],
  ['a word of Object.prototype', 400, error('constructor'), 'failure'],
  ['a list', 403, [error('need_info', { ticket: TICKET })], 'failure'],
  ['null', 403, null, 'failure'],
  ['a number', 403, 7, 'failure'],
  ['no body', 403, undefined, 'failure'],
  ['text', 403, 'Request denied', 'failure'],
  ['HTML', 403, '<html><body>403 Forbidden</body></html>', 'failure'],
  ['JSON text that is no object', 403, '"need_info"', 'failure'],
  ['JSON as text', 403, JSON.stringify(error('need_info', { ticket: TICKET })), 'need_info'],
  ['JSON as text', 400, JSON.stringify(said('invalid_ticket', 'x')), 'invalid_ticket'],
];

const refusals = ANSWERS.filter(([, , , , outcome]) => outcome !== 'failure');

describe('toUmaError', () => {
  it.each(ANSWERS)('%s, %s (%i): %j is %s', (_vendor, _case, status, body, outcome) => {
    expectOutcome(toUmaError({ status, body }, NOT_ASKED), outcome);
  });

  it.each(ODD)('%s (%s): %j is %s', (_case, status, body, outcome) => {
    expectOutcome(toUmaError({ status, body }, NOT_ASKED), outcome);
  });

  it.each(refusals)('%s, %s is the same as text (%i)', (_vendor, _case, status, body, outcome) => {
    expectOutcome(toUmaError({ status, body: JSON.stringify(body) }, NOT_ASKED), outcome);
  });

  describe('"submitted" in the words of Keycloak', () => {
    const body = said('access_denied', 'request_submitted');

    it('is believed where it was asked for, and has no ticket', () => {
      const refusal = toUmaError({ status: 403, body }, ASKED);
      expectOutcome(refusal, 'submitted');
      expect(refusal).toMatchObject({ error: 'access_denied' });
      expect(refusal).not.toHaveProperty('ticket');
      expect(refusal).not.toHaveProperty('interval');
    });

    it('asked for or not, another denial is one', () => {
      for (const text of ['not_authorized', 'REQUEST_SUBMITTED', '', undefined]) {
        const denial = error('access_denied', { error_description: text });
        expectOutcome(toUmaError({ status: 403, body: denial }, ASKED), 'denied');
      }
    });
  });

  it('goes on with the new ticket, the claims and the page of need_info', () => {
    const required_claims = [
      {
        claim_token_format: ['http://openid.net/specs/openid-connect-core-1_0.html#IDToken'],
        claim_type: 'urn:oid:0.9.2342.19200300.100.1.3',
        friendly_name: 'email',
        issuer: ['https://idp.example'],
        name: 'email23423453ou453',
      },
    ];
    const redirect_user = 'https://as.example/gather?client_id=x';
    const body = { error: 'need_info', ticket: TICKET, required_claims, redirect_user };
    const refusal = toUmaError({ status: 403, body }, NOT_ASKED);
    expect(refusal).toMatchObject({ ticket: TICKET, required_claims, redirect_user });
  });

  it.each([
    ['no list', { name: 'x' }, undefined],
    ['empty', [], undefined],
    ['members that are no objects', ['x', null, 7, ['y']], undefined],
    ['members that say nothing', [{}, { other: 'x' }, { name: '' }], undefined],
    ['a name that is no text', [{ name: 7, claim_type: 'x' }], [{ claim_type: 'x' }]],
    ['formats that are no list', [{ claim_token_format: 'x', name: 'n' }], [{ name: 'n' }]],
    ['issuers that are no texts', [{ issuer: ['https://a', 7], name: 'n' }], [{ name: 'n' }]],
    ['an issuer that is null', [{ issuer: null, name: 'n' }], [{ name: 'n' }]],
    ['no issuers', [{ issuer: [], name: 'n' }], [{ name: 'n' }]],
    ['further members', [{ name: 'n', more: 'x' }], [{ name: 'n' }]],
    ['one good and one bad', [7, { name: 'n' }], [{ name: 'n' }]],
  ])('required_claims: %s', (_case, required_claims, claims) => {
    const body = { error: 'need_info', ticket: TICKET, required_claims };
    const refusal = toUmaError({ status: 403, body }, NOT_ASKED) as NeedInfoError;
    expectOutcome(refusal, 'need_info');
    expect(refusal.required_claims).toEqual(claims);
  });

  it.each([
    ['https', 'https://as.example/gather?a=b', 'https://as.example/gather?a=b'],
    ['http', 'http://127.0.0.1:9100/gather', 'http://127.0.0.1:9100/gather'],
    ['a relative one', '/gather', undefined],
    ['another scheme', 'javascript:alert(1)', undefined],
    ['data', 'data:text/html,x', undefined],
    ['a name and a password', 'https://user:pw@as.example/', undefined],
    ['a name', 'https://user@as.example/', undefined],
    ['line ends', 'https://as.example/a\r\nb', 'https://as.example/ab'],
    ['no text', { href: 'https://as.example/' }, undefined],
    ['null', null, undefined],
  ])('redirect_user: %s', (_case, redirect_user, page) => {
    const body = { error: 'need_info', ticket: TICKET, redirect_user };
    const refusal = toUmaError({ status: 403, body }, NOT_ASKED) as NeedInfoError;
    expectOutcome(refusal, 'need_info');
    expect(refusal.redirect_user).toBe(page);
  });

  it.each([
    [5, 5],
    [0.5, 0.5],
    [0, undefined],
    [-1, undefined],
    ['5', undefined],
    [null, undefined],
  ])('interval: %j', (interval, seconds) => {
    const body = { error: 'request_submitted', ticket: TICKET, interval };
    const refusal = toUmaError({ status: 403, body }, NOT_ASKED) as RequestSubmittedError;
    expectOutcome(refusal, 'submitted');
    expect(refusal.interval).toBe(seconds);
    expect(refusal.ticket).toBe(TICKET);
  });

  describe('a ticket that cannot be gone on with', () => {
    const bad: readonly unknown[] = ['', '  ', 'a\r\nb', 'ticket-ü', 'x'.repeat(16_385), 7, {}];

    it.each(bad.map((ticket) => [String(ticket).slice(0, 9), ticket]))('%j', (_name, ticket) => {
      for (const body of [
        { error: 'need_info', ticket },
        { error: 'request_submitted', ticket },
        { ticket, required_claims: CLAIMS },
      ])
        expect(toUmaError({ status: 403, body }, ASKED)).toBeUndefined();
    });

    it('need_info without one is a failure', () => {
      for (const ticket of [undefined, null])
        expectOutcome(
          toUmaError({ status: 403, body: { error: 'need_info', ticket } }, ASKED),
          'failure',
        );
    });

    it('as long as allowed is good', () => {
      const ticket = 'x'.repeat(16_384);
      const body = { error: 'need_info', ticket };
      expect(toUmaError({ status: 403, body }, ASKED)).toMatchObject({ ticket });
    });

    it.each(['need_info', 'request_submitted'])('%s that gives the spent one back', (word) => {
      const body = { error: word, ticket: SENT };
      const refusal = toUmaError({ status: 403, body }, ASKED);
      expect(refusal).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: word });
      expect(refusal).not.toHaveProperty('ticket');
    });

    it('is none of the business of a denial', () => {
      const body = { error: 'request_denied', ticket: SENT };
      expectOutcome(toUmaError({ status: 403, body }, ASKED), 'denied');
    });
  });

  it.each(refusals)('%s, %s keeps command, cause and mayHaveRun', (_v, _c, status, body) => {
    const details = { command: 'uma_rp_get_rpt', mayHaveRun: true, cause: new Error('before') };
    expect(toUmaError({ status, body }, ASKED, details)).toMatchObject(details);
  });

  it.each(refusals)('%s, %s has the words of the server and shows none', (_v, _c, status, said) => {
    const error_description = `the ticket ${TICKET} is no good`;
    const body = { error_description, ...(said as object), ticket: TICKET, pct: SENT };
    const refusal = toUmaError({ status, body }, ASKED);
    const printed = [inspect(refusal, { depth: 9 }), JSON.stringify(refusal), refusal?.stack];
    for (const secret of [TICKET, SENT]) expect(printed.join('\n')).not.toContain(secret);
    expect(refusal).toMatchObject({
      details: body,
      error_description: body.error_description,
    });
  });
});
