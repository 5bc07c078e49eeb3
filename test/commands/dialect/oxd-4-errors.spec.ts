import { inspect } from 'node:util';
import type { CommandName } from '../../../lib/commands/command.js';
import { fromWireError } from '../../../lib/commands/dialect/dialect.js';
import { RELEASES } from '../../../lib/base/oxd-releases.js';
import {
  InvalidTicketError,
  NeedInfoError,
  OxdCommandError,
  RequestDeniedError,
  RequestSubmittedError,
  type OxdError,
  type WireError,
} from '../../../lib/base/errors.js';
import { registerSecret } from '../../support/secrets.js';

const OXD_4 = RELEASES.slice(RELEASES.indexOf('4.0'));
const TICKET = 'ticket-0001-sent';
const NEW_TICKET = 'ticket-0002-new';
for (const ticket of [TICKET, NEW_TICKET]) registerSecret(ticket);

/** Reason of a failed command of a transport over HTTPS. */
class StatusError extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

/** Error as a transport throws it for a response of oxd itself. */
function ofOxd(wire: WireError, status = 400, mayHaveRun = false): OxdCommandError {
  const cause = new StatusError(status);
  return new OxdCommandError('failed', wire, { command: 'x', cause, mayHaveRun });
}

/** Error as a transport throws it for a body of another server, which oxd passes on. */
function foreign(status: number, body: { readonly error: string }): OxdCommandError {
  return ofOxd({ error: body.error, details: body }, status);
}

function read(command: CommandName, error: unknown, params: object = {}): OxdError[] {
  return OXD_4.map((release) => fromWireError(release, command, params, error) as OxdError);
}

describe('an error response of oxd 4', () => {
  const codes: readonly (readonly [string, CommandName, string, string])[] = [
    ...(['blank', 'invalid', 'inactive'] as const).map(
      (what) =>
        [
          ...(['of the protection token', 'get_user_info'] as const),
          ...([`${what}_access_token`, `${what}_protection_access_token`] as const),
        ] as const,
    ),
    [
      'of a protection token without scope oxd',
      'get_user_info',
      'access_token_insufficient_scope',
      'protection_access_token_insufficient_scope',
    ],
    [
      'of redirect URIs',
      'register_site',
      'invalid_redirect_uri',
      'invalid_authorization_redirect_uri',
    ],
    ['of an unknown site', 'get_user_info', 'invalid_oxd_id', 'invalid_oxd_id'],
    [
      'of a scope expression',
      'uma_rs_protect',
      'invalid_scope_expression',
      'invalid_scope_expression',
    ],
    ['of discovery over TLS', 'register_site', 'ssl_handshake_error', 'ssl_handshake_error'],
    [
      'of discovery',
      'register_site',
      'no_connect_discovery_response',
      'no_connect_discovery_response',
    ],
    ['of protected resources', 'uma_rs_protect', 'uma_protection_exists', 'uma_protection_exists'],
  ];

  it.each(codes)('%s to %s: %s becomes %s', (_title, command, code, contract) => {
    const wire = { error: code, error_description: 'text' };
    for (const error of read(command, ofOxd(wire, 403))) {
      expect(error).toBeInstanceOf(OxdCommandError);
      expect(error).toMatchObject({
        ...{ code: 'OXD_COMMAND_FAILED', error: contract, mayHaveRun: false },
        error_description: 'text',
      });
    }
  });

  it('renames no code of oxd 3.1 and of the contract', () => {
    for (const release of ['3.1.1', '3.1.4', 'contract'] as const) {
      const given = ofOxd({ error: 'invalid_access_token' });
      expect(fromWireError(release, 'get_user_info', {}, given)).toBe(given);
    }
  });

  it.each(['3.1.2', '3.1.3', '3.1.4'] as const)(
    'corrects the misspelt code of a scope expression on %s',
    (release) => {
      const given = ofOxd({ error: 'invalid_scope_expressioin' });
      const error = fromWireError(release, 'uma_rs_protect', {}, given);
      expect(error).toMatchObject({ error: 'invalid_scope_expression', mayHaveRun: false });
    },
  );

  describe('to get_tokens_by_code', () => {
    const of = (error_description: string): WireError => ({
      error: 'bad_request',
      error_description,
    });

    it('of a code that the provider rejected is no unknown state', () => {
      for (const error of read('get_tokens_by_code', ofOxd(of("'code' is invalid."))))
        expect(error).toMatchObject({ error: 'invalid_grant', mayHaveRun: true });
    });

    it.each(["'state' is not registered.", "'code' is empty or not specified.", 'text'])(
      'of bad_request with the description %s retains its code',
      (description) => {
        for (const error of read('get_tokens_by_code', ofOxd(of(description))))
          expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
      },
    );
  });

  describe('that is the body of another server', () => {
    const commands = ['uma_rs_protect', 'uma_rs_check_access', 'get_user_info'] as const;

    it.each(commands)('to %s becomes http_status_NNN, whatever its code', (command) => {
      for (const code of ['x_error', 'invalid_oxd_id', 'blank_access_token', 'need_info']) {
        for (const error of read(command, foreign(403, { error: code })))
          expect(error).toMatchObject({
            ...{ code: 'OXD_COMMAND_FAILED', error: 'http_status_403' },
            details: { error: code },
          });
      }
    });

    it.each(commands)('to %s is recognized by a code that oxd does not have', (command) => {
      const wire = { error: 'x_error', error_description: 'text' };
      for (const error of read(command, ofOxd(wire, 403)))
        expect(error).toMatchObject({ error: 'http_status_403', error_description: 'text' });
    });

    it.each<[CommandName, number, boolean]>([
      ['uma_rs_protect', 400, true],
      ['uma_rs_protect', 500, true],
      ['uma_rs_check_access', 403, false],
      ['uma_rs_check_access', 500, true],
      ['get_user_info', 401, false],
      ['register_site', 403, true],
    ])('to %s with status %i has mayHaveRun %s', (command, status, mayHaveRun) => {
      for (const error of read(command, foreign(status, { error: 'x_error' })))
        expect(error).toMatchObject({ error: `http_status_${status}`, mayHaveRun });
    });
  });

  it.each<[string, CommandName, boolean]>([
    ['http_status_403', 'uma_rs_protect', true],
    ['http_status_403', 'uma_rs_check_access', false],
    ['no_client_id_returned', 'register_site', true],
    ['no_client_secret_returned', 'register_site', true],
    ['invalid_op_host_and_configuration_endpoint', 'register_site', false],
    ['uma_protection_exists', 'uma_rs_protect', false],
    ['invalid_access_token', 'uma_rs_protect', false],
  ])('of code %s to %s has mayHaveRun %s', (code, command, mayHaveRun) => {
    const wire = { error: code, error_description: 'text' };
    for (const error of read(command, ofOxd(wire))) expect(error).toMatchObject({ mayHaveRun });
  });

  describe('to uma_rp_get_rpt', () => {
    const claims = [{ name: 'email', issuer: ['https://idp.example'] }];
    const info = { ticket: NEW_TICKET, required_claims: claims };
    const raised = (error: unknown): OxdError[] =>
      read('uma_rp_get_rpt', error, { oxd_id: 'id', ticket: TICKET });

    type Row = readonly [
      string,
      number,
      { readonly error: string },
      abstract new (...args: never) => Error,
    ];
    const rows: readonly Row[] = [
      ['need_info', 403, { error: 'need_info', ...info }, NeedInfoError],
      ['invalid_ticket', 400, { error: 'invalid_ticket' }, InvalidTicketError],
      ['invalid_grant', 403, { error: 'invalid_grant' }, InvalidTicketError],
      ['access_denied', 403, { error: 'access_denied' }, RequestDeniedError],
      ['request_denied', 403, { error: 'request_denied' }, RequestDeniedError],
      ['forbidden_by_policy', 403, { error: 'forbidden_by_policy' }, RequestDeniedError],
      [
        'request_submitted',
        403,
        { error: 'request_submitted', ...{ ticket: NEW_TICKET } },
        RequestSubmittedError,
      ],
    ];

    it.each(rows)('of the code %s is an outcome of UMA', (_code, status, body, type) => {
      for (const error of raised(foreign(status, body))) {
        expect(error).toBeInstanceOf(type);
        expect(error).toMatchObject({ command: 'x', mayHaveRun: false });
        const printed = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)}`;
        for (const ticket of [TICKET, NEW_TICKET]) expect(printed).not.toContain(ticket);
      }
    });

    it('of need_info has the new ticket and the claims', () => {
      for (const error of raised(foreign(403, { error: 'need_info', ...info })))
        expect(error).toMatchObject({ code: 'UMA_NEED_INFO', ...info });
    });

    it('of http_status_403 with the body as description is an outcome of UMA', () => {
      const error_description = JSON.stringify({ error: 'request_denied' });
      for (const error of raised(ofOxd({ error: 'http_status_403', error_description }, 403)))
        expect(error).toBeInstanceOf(RequestDeniedError);
    });

    const failures: readonly (readonly [string, OxdCommandError, string, boolean])[] = [
      // oxd replaces status 500 of the authorization server by 403.
      ['an unknown code', foreign(403, { error: 'x_error' }), 'x_error', true],
      ['invalid_client', foreign(403, { error: 'invalid_client' }), 'invalid_client', true],
      ['need_info without ticket', foreign(403, { error: 'need_info' }), 'need_info', true],
      [
        'need_info with the ticket of the request',
        foreign(403, { error: 'need_info', ...{ ticket: TICKET } }),
        'need_info',
        false,
      ],
      ['status 401', foreign(401, { error: 'access_denied' }), 'access_denied', true],
      ['status 500', foreign(500, { error: 'request_denied' }), 'request_denied', true],
      [
        'http_status_502',
        ofOxd({ error: 'http_status_502', error_description: '<b>bad gateway</b>' }, 502),
        'http_status_502',
        true,
      ],
      [
        'a blank ticket',
        ofOxd({ error: 'invalid_ticket_parameter', error_description: 'text' }),
        'invalid_ticket_parameter',
        false,
      ],
      [
        'a rejection of the protection token by the provider',
        ofOxd({ error: 'access_denied', error_description: 'text' }, 403),
        'http_status_403',
        true,
      ],
      [
        'a missing protection token',
        ofOxd({ error: 'blank_access_token', error_description: 'text' }, 403),
        'blank_protection_access_token',
        false,
      ],
    ];

    it.each(failures)('of %s is no outcome of UMA', (_title, given, code, mayHaveRun) => {
      for (const error of raised(given))
        expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: code, mayHaveRun });
    });
  });
});
