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

const WITHOUT_SUBMIT = { submit: false, ticket: SENT };
const WITH_SUBMIT = { submit: true, ticket: SENT };
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

/** Row for Gluu and for Janssen, its successor. */
const atGluu = (
  title: string,
  status: number,
  body: object,
  outcome: Outcome,
): readonly (readonly [string, string, number, unknown, Outcome])[] =>
  ['Gluu', 'Janssen'].map((vendor) => [vendor, title, status, body, outcome] as const);

const error = (code: string, more: object = {}): object => ({ error: code, ...more });
const described = (code: string, text: string): object => error(code, { error_description: text });

/** Responses of authorization servers and their outcomes, by vendor, cause and HTTP status. */
const RESPONSES: readonly (readonly [string, string, number, unknown, Outcome])[] = [
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
    described('invalid_ticket', 'Ticket verification failed'),
    'invalid_ticket',
  ],
  [
    'Keycloak',
    'expired ticket',
    403,
    described('invalid_ticket', 'Invalid permission ticket.'),
    'invalid_ticket',
  ],
  ['Keycloak', 'policy says no', 403, described('access_denied', 'not_authorized'), 'denied'],
  [
    'Keycloak',
    'says submitted unasked',
    403,
    described('access_denied', 'request_submitted'),
    'denied',
  ],
  ['Keycloak', 'documented denial', 403, error('request_denied'), 'denied'],
  ['Keycloak', 'bad bearer', 400, described('invalid_grant', 'Invalid bearer token'), 'failure'],
  [
    'Keycloak 26.2',
    'bad bearer',
    401,
    described('invalid_grant', 'Invalid bearer token'),
    'failure',
  ],
  [
    'Keycloak',
    'bad subject_token',
    400,
    described('unauthorized_client', 'Invalid identity'),
    'failure',
  ],
  [
    'Keycloak',
    'bad secret',
    401,
    described('unauthorized_client', 'Invalid client or Invalid client credentials'),
    'failure',
  ],
  ['Keycloak', 'unknown client', 401, error('invalid_client'), 'failure'],
  ['Keycloak', 'bad rpt', 403, error('invalid_rpt'), 'failure'],
  ['Keycloak', 'bad claim token format', 400, error('invalid_request'), 'failure'],
  [
    'Keycloak',
    'claim token of another client',
    400,
    described('invalid_claim_token', 'Token issued to a different client'),
    'failure',
  ],
  ['Keycloak', 'pushed claims that are no lists', 500, error('server_error'), 'failure'],
  ['Keycloak', 'another JWT as ticket', 400, error('invalid_request'), 'failure'],
  ['Keycloak', 'another JWT as ticket', 403, error('access_denied'), 'denied'],
  [
    'Keycloak',
    'no ticket',
    400,
    described('invalid_request', 'You must provide the issuedFor'),
    'failure',
  ],
  ['Keycloak', 'unknown resource', 400, error('invalid_resource'), 'failure'],
  ['Keycloak', 'unknown scope', 400, error('invalid_scope'), 'failure'],
  [
    'Keycloak',
    'unknown audience',
    400,
    described('invalid_request', 'Unknown resource server id'),
    'failure',
  ],
  [
    'Keycloak',
    'audience without permissions',
    400,
    described('invalid_request', 'Client does not support permissions'),
    'failure',
  ],
  [
    'Keycloak',
    'claim token too long',
    400,
    described(
      'invalid_request',
      "The size of OIDC parameter 'claim_token' is longer than allowed.",
    ),
    'failure',
  ],
  ['Keycloak', 'no resource server', 403, error('invalid_clientId'), 'failure'],
  ['Keycloak', 'no such path', 404, error('HTTP 404 Not Found'), 'failure'],
  ['Keycloak', 'starting up', 503, error('server_error'), 'failure'],

  ['Gluu', 'bad ticket', 400, error('invalid_ticket'), 'invalid_ticket'],
  [
    'Gluu',
    'policy says no',
    403,
    described('forbidden_by_policy', 'Forbidden by policy.'),
    'denied',
  ],
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

  [
    'Janssen',
    'bad ticket',
    400,
    described('invalid_ticket', 'Ticket is not known'),
    'invalid_ticket',
  ],
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

/** Responses of no known authorization server and their outcomes. */
const ODD: readonly (readonly [string, number | undefined, unknown, Outcome])[] = [
  ['an unknown code', 403, error('not_today'), 'denied'],
  ['an unknown code', 400, error('not_today'), 'failure'],
  ['an unknown code', undefined, error('not_today'), 'failure'],
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
    'claims without a code',
    undefined,
    { error: null, ticket: TICKET, required_claims: CLAIMS },
    'need_info',
  ],
  ['claims without a code', 400, { ticket: TICKET, required_claims: CLAIMS }, 'failure'],
  [
    'claims and a code about the client',
    403,
    error('invalid_client', { ticket: TICKET, required_claims: CLAIMS }),
    'failure',
  ],
  ['a ticket only', 403, { ticket: TICKET }, 'denied'],
  ['an empty object', 403, {}, 'denied'],
  ['a message only', 403, { message: 'Not today' }, 'denied'],
  ['a code and a message', 403, error('not_today', { status: 403, message: 'x' }), 'denied'],
  ['a message that is no string', 403, { status: 403, message: {} }, 'denied'],
  ['an empty object', undefined, {}, 'failure'],
  [
    'nulls',
    undefined,
    { error: null, ticket: null, required_claims: null, redirect_user: null },
    'failure',
  ],
  ['a code that is no string', 403, { error: { code: 'need_info' }, ticket: TICKET }, 'denied'],
  ['a code named like a property of Object.prototype', 400, error('constructor'), 'failure'],
  ['a list', 403, [error('need_info', { ticket: TICKET })], 'failure'],
  ['null', 403, null, 'failure'],
  ['a number', 403, 7, 'failure'],
  ['no body', 403, undefined, 'failure'],
  ['a string', 403, 'Request denied', 'failure'],
  ['HTML', 403, '<html><body>403 Forbidden</body></html>', 'failure'],
  ['JSON that is no object', 403, '"need_info"', 'failure'],
  ['JSON in a string', 403, JSON.stringify(error('need_info', { ticket: TICKET })), 'need_info'],
  ['JSON in a string', 400, JSON.stringify(described('invalid_ticket', 'x')), 'invalid_ticket'],
];

const outcomes = RESPONSES.filter(([, , , , outcome]) => outcome !== 'failure');

/** Test case with a name that differs between rows. */
function named([vendor, cause, status, body, outcome]: readonly [
  string,
  string,
  number | undefined,
  unknown,
  Outcome,
]) {
  const name = `${vendor} to ${cause} with status ${status ?? 'unknown'} as ${outcome}`;
  return { name, status, body, outcome };
}

describe('toUmaError', () => {
  it.each(RESPONSES.map(named))('reads the response of $name', ({ status, body, outcome }) => {
    expectOutcome(toUmaError({ status, body }, WITHOUT_SUBMIT), outcome);
  });

  it.each(ODD.map((row) => named(['no known server', ...row])))(
    'reads the response of $name',
    ({ status, body, outcome }) => {
      expectOutcome(toUmaError({ status, body }, WITHOUT_SUBMIT), outcome);
    },
  );

  it.each(outcomes)(
    'reads the response of %s to %s as a string, too (%i)',
    (_vendor, _case, status, body, outcome) => {
      expectOutcome(toUmaError({ status, body: JSON.stringify(body) }, WITHOUT_SUBMIT), outcome);
    },
  );

  describe('with request_submitted as description by Keycloak', () => {
    const body = described('access_denied', 'request_submitted');

    it('returns RequestSubmittedError without a ticket if submission was requested', () => {
      const result = toUmaError({ status: 403, body }, WITH_SUBMIT);
      expectOutcome(result, 'submitted');
      expect(result).toMatchObject({ error: 'access_denied' });
      expect(result).not.toHaveProperty('ticket');
      expect(result).not.toHaveProperty('interval');
    });

    it('returns RequestDeniedError for any other description', () => {
      for (const text of ['not_authorized', 'REQUEST_SUBMITTED', '', undefined]) {
        const denial = error('access_denied', { error_description: text });
        expectOutcome(toUmaError({ status: 403, body: denial }, WITH_SUBMIT), 'denied');
      }
    });
  });

  it('returns ticket, claims and URL of need_info', () => {
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
    const result = toUmaError({ status: 403, body }, WITHOUT_SUBMIT);
    expect(result).toMatchObject({ ticket: TICKET, required_claims, redirect_user });
  });

  it.each([
    ['no list', { name: 'x' }, undefined],
    ['empty', [], undefined],
    ['items that are no objects', ['x', null, 7, ['y']], undefined],
    ['items without a known property', [{}, { other: 'x' }, { name: '' }], undefined],
    ['a name that is no string', [{ name: 7, claim_type: 'x' }], [{ claim_type: 'x' }]],
    ['formats that are no list', [{ claim_token_format: 'x', name: 'n' }], [{ name: 'n' }]],
    ['issuers that are no strings', [{ issuer: ['https://a', 7], name: 'n' }], [{ name: 'n' }]],
    ['an issuer that is null', [{ issuer: null, name: 'n' }], [{ name: 'n' }]],
    ['no issuers', [{ issuer: [], name: 'n' }], [{ name: 'n' }]],
    ['further properties', [{ name: 'n', more: 'x' }], [{ name: 'n' }]],
    ['a valid and an invalid item', [7, { name: 'n' }], [{ name: 'n' }]],
  ])('returns the valid part of required_claims: %s', (_case, required_claims, claims) => {
    const body = { error: 'need_info', ticket: TICKET, required_claims };
    const result = toUmaError({ status: 403, body }, WITHOUT_SUBMIT) as NeedInfoError;
    expectOutcome(result, 'need_info');
    expect(result.required_claims).toEqual(claims);
  });

  it.each([
    ['https', 'https://as.example/gather?a=b', 'https://as.example/gather?a=b'],
    ['http', 'http://127.0.0.1:9100/gather', 'http://127.0.0.1:9100/gather'],
    ['a relative URL', '/gather', undefined],
    ['another scheme', 'javascript:alert(1)', undefined],
    ['a data URL', 'data:text/html,x', undefined],
    ['user name and password', 'https://user:pw@as.example/', undefined],
    ['a user name', 'https://user@as.example/', undefined],
    ['line breaks', 'https://as.example/a\r\nb', 'https://as.example/ab'],
    ['no string', { href: 'https://as.example/' }, undefined],
    ['null', null, undefined],
  ])('returns redirect_user only if it is safe: %s', (_case, redirect_user, page) => {
    const body = { error: 'need_info', ticket: TICKET, redirect_user };
    const result = toUmaError({ status: 403, body }, WITHOUT_SUBMIT) as NeedInfoError;
    expectOutcome(result, 'need_info');
    expect(result.redirect_user).toBe(page);
  });

  it.each([
    ['an integer', 5, 5],
    ['a fraction', 0.5, 0.5],
    ['zero', 0, undefined],
    ['a negative number', -1, undefined],
    ['a string', '5', undefined],
    ['null', null, undefined],
  ])('returns interval only if it is a positive number: %s', (_case, interval, seconds) => {
    const body = { error: 'request_submitted', ticket: TICKET, interval };
    const result = toUmaError({ status: 403, body }, WITHOUT_SUBMIT) as RequestSubmittedError;
    expectOutcome(result, 'submitted');
    expect(result.interval).toBe(seconds);
    expect(result.ticket).toBe(TICKET);
  });

  describe('with an invalid ticket', () => {
    it.each<[string, unknown]>([
      ['an empty string', ''],
      ['a blank string', '  '],
      ['a line break', 'a\r\nb'],
      ['a letter outside ASCII', 'ticket-ü'],
      ['a string beyond the limit', 'x'.repeat(16_385)],
      ['a number', 7],
      ['an object', {}],
    ])('returns undefined for %s', (_name, ticket) => {
      for (const body of [
        { error: 'need_info', ticket },
        { error: 'request_submitted', ticket },
        { ticket, required_claims: CLAIMS },
      ])
        expect(toUmaError({ status: 403, body }, WITH_SUBMIT)).toBeUndefined();
    });

    it('returns undefined for need_info without a ticket', () => {
      for (const ticket of [undefined, null])
        expectOutcome(
          toUmaError({ status: 403, body: { error: 'need_info', ticket } }, WITH_SUBMIT),
          'failure',
        );
    });

    it('accepts a ticket of the maximum length', () => {
      const ticket = 'x'.repeat(16_384);
      const body = { error: 'need_info', ticket };
      expect(toUmaError({ status: 403, body }, WITH_SUBMIT)).toMatchObject({ ticket });
    });

    it.each(['need_info', 'request_submitted'])(
      'rejects %s with the ticket of the request',
      (code) => {
        const body = { error: code, ticket: SENT };
        const result = toUmaError({ status: 403, body }, WITH_SUBMIT);
        expect(result).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: code });
        expect(result).not.toHaveProperty('ticket');
      },
    );

    it('ignores the ticket of a denial', () => {
      const body = { error: 'request_denied', ticket: SENT };
      expectOutcome(toUmaError({ status: 403, body }, WITH_SUBMIT), 'denied');
    });
  });

  it.each(outcomes)('returns command, cause and mayHaveRun for %s, %s', (_v, _c, status, body) => {
    const details = { command: 'uma_rp_get_rpt', mayHaveRun: true, cause: new Error('before') };
    expect(toUmaError({ status, body }, WITH_SUBMIT, details)).toMatchObject(details);
  });

  it.each(outcomes)(
    'carries the response of %s to %s without printing it',
    (_v, _c, status, response) => {
      const error_description = `the ticket ${TICKET} is invalid`;
      const body = { error_description, ...(response as object), ticket: TICKET, pct: SENT };
      const result = toUmaError({ status, body }, WITH_SUBMIT);
      const printed = [inspect(result, { depth: 9 }), JSON.stringify(result), result?.stack];
      for (const secret of [TICKET, SENT]) expect(printed.join('\n')).not.toContain(secret);
      expect(result).toMatchObject({
        details: body,
        error_description: body.error_description,
      });
    },
  );
});
