import { Controller, Get, Param, type Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import {
  InvalidTicketError,
  LoginRefusedError,
  LoginStateError,
  NeedInfoError,
  OxdClock,
  OxdCommandError,
  OxdExceptionFilter,
  OxdTransportError,
  RequestDeniedError,
  RequestSubmittedError,
} from '../lib/index.js';
import { ADAPTERS, startUmaApp, token, type UmaApp } from './support/uma-app.js';
import { secretsIn } from './support/secrets.js';

const ticket = token('ticket');
const wire = {
  error: 'need_info',
  error_description: `about ${ticket}`,
  details: { ticket },
};
const errors: Record<string, Error> = {
  need_info: new NeedInfoError({
    ...wire,
    ticket,
    required_claims: [{ name: ticket }],
    redirect_user: `https://as.example.com/claims?ticket=${ticket}`,
  }),
  submitted: new RequestSubmittedError({
    ...wire,
    error: 'request_submitted',
    ticket,
    interval: 5,
  }),
  denied: new RequestDeniedError({ ...wire, error: 'request_denied' }),
  ticket: new InvalidTicketError({ ...wire, error: 'invalid_grant' }),
  command: new OxdCommandError('uma_rp_get_rpt was refused.', wire),
  unknown_state: new LoginStateError('OIDC_STATE_UNKNOWN', 'No such login.'),
  missing_state: new LoginStateError('OIDC_STATE_MISSING', 'No login cookie.'),
  refused_login: new LoginRefusedError({ error: 'access_denied' }),
  transport: new OxdTransportError('OXD_TRANSPORT_TIMEOUT', 'oxd-server did not answer.'),
};

/** Message of every response with a status of 500 or more. */
const HIDDEN = 'The service is temporarily unavailable. The reason is in the log.';

@Controller()
class Failing {
  @Get(':name')
  fail(@Param('name') name: string): void {
    throw errors[name] ?? new Error('unknown');
  }
}

describe.each(ADAPTERS)('OxdExceptionFilter on %s', (adapter) => {
  let one: UmaApp;

  beforeAll(async () => {
    const providers = [
      { provide: APP_FILTER, useClass: OxdExceptionFilter as Type },
      // startUmaApp() replaces it by its manual clock.
      { provide: OxdClock, useValue: undefined },
    ];
    one = await startUmaApp({ adapter, controllers: [Failing], providers });
  });
  afterAll(() => one.close());

  it.each([
    { name: 'unknown_state', code: 'OIDC_STATE_UNKNOWN' },
    { name: 'missing_state', code: 'OIDC_STATE_MISSING' },
    { name: 'refused_login', code: 'OIDC_LOGIN_REFUSED' },
  ])('logs $code once a minute, with a count', async ({ name, code }) => {
    for (let times = 0; times < 20; times++) expect((await one.ask(`/${name}`)).status).toBe(401);
    expect(one.log.with('warn', code)).toHaveLength(1);
    await one.clock.advance(60_000);
    await one.ask(`/${name}`);
    const lines = one.log.with('warn', code);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('(19 more since the last such line)');
  });

  it.each([
    ['need_info', 403, 'UMA_NEED_INFO', 'warn'],
    ['submitted', 403, 'UMA_REQUEST_SUBMITTED', 'warn'],
    ['denied', 403, 'UMA_REQUEST_DENIED', 'warn'],
    ['ticket', 502, 'UMA_INVALID_TICKET', 'error'],
    ['command', 502, 'OXD_COMMAND_FAILED', 'error'],
    ['transport', 503, 'OXD_TRANSPORT_TIMEOUT', 'error'],
  ] as const)(
    'responds to the error %s with %i and without secrets',
    async (name, status, code, level) => {
      const { status: answered, body, headers } = await one.ask(`/${name}`);
      expect(answered).toBe(status);
      expect(headers['cache-control']).toBe('no-store');
      const message = status < 500 ? errors[name]?.message : HIDDEN;
      expect(JSON.parse(body)).toEqual({ statusCode: status, error: code, message });
      expect(one.log.with(level, code)).toHaveLength(1);
      expect(secretsIn(`${body} ${one.log.lines.join(' ')}`)).toHaveLength(0);
    },
  );

  it('logs the same error once a minute, with a count', async () => {
    for (let times = 0; times < 20; times++) await one.ask('/transport');
    expect(one.log.with('error', 'OXD_TRANSPORT_TIMEOUT')).toHaveLength(1);
    await one.clock.advance(60_000);
    await one.ask('/transport');
    expect(one.log.with('error', '(20 more since the last such line)')).toHaveLength(1);
  });
});
