import { inspect } from 'node:util';
import { OxdCommandError } from '../../lib/base/errors.js';
import { encodeRequest, readReply } from '../../lib/commands/envelope.js';

const error = (data: unknown): string => JSON.stringify({ status: 'error', data });

function commandError(data: unknown): OxdCommandError {
  try {
    readReply('get_user_info', error(data));
  } catch (thrown) {
    if (thrown instanceof OxdCommandError) return thrown;
  }
  throw new Error('no OxdCommandError');
}

describe('encodeRequest', () => {
  it('returns command and params without further properties', () => {
    expect(encodeRequest('get_user_info', { oxd_id: '1', nothing: undefined })).toBe(
      '{"command":"get_user_info","params":{"oxd_id":"1"}}',
    );
  });

  it('includes params without parameters', () => {
    expect(encodeRequest('get_user_info', {})).toBe('{"command":"get_user_info","params":{}}');
  });

  it('rejects other values than JSON without quoting them', () => {
    const circle: Record<string, unknown> = { access_token: 'hidden' };
    circle.itself = circle;
    for (const params of [circle, { exp: 1n }]) {
      expect(() => encodeRequest('get_user_info', params)).toThrow(
        expect.objectContaining({ error: 'bad_request', mayHaveRun: false }),
      );
      expect(() => encodeRequest('get_user_info', params)).not.toThrow(/hidden/);
    }
  });
});

describe('readReply', () => {
  it.each([
    ['an object', { claims: { sub: ['alice'] }, refresh_token: null }],
    ['an empty object', {}],
    ['null', null],
  ])('returns the data of a success: %s', (_name, data) => {
    expect(readReply('get_user_info', JSON.stringify({ data, status: 'ok' }))).toEqual(data);
  });

  it('throws an error response with all its properties', () => {
    const data = { error: 'need_info', error_description: 'More is needed', details: { a: 1 } };
    expect(commandError(data)).toMatchObject({
      ...data,
      code: 'OXD_COMMAND_FAILED',
      command: 'get_user_info',
      message: 'get_user_info failed: need_info (More is needed)',
    });
  });

  it.each([
    ['explicit nulls', { error: 'x', error_description: null, details: null }],
    ['missing properties', { error: 'x' }],
  ])('treats %s as missing', (_name, data) => {
    expect(commandError(data)).toMatchObject({ message: 'get_user_info failed: x' });
    expect(commandError(data)).not.toHaveProperty('error_description');
    expect(commandError(data)).not.toHaveProperty('details');
  });

  it.each([
    ['internal_error', true],
    ['http_status_500', true],
    ['http_status_502', true],
    ['remove_site_failed', true],
    ['no_id_token', true],
    ['invalid_id_token_unknown', true],
    ['invalid_nonce', true],
    ['http_status_403', false],
    ['invalid_oxd_id', false],
    ['bad_request', false],
    ['unsupported_operation', false],
    ['inactive_protection_access_token', false],
    ['invalid_access_token_bad_hash', true],
    ['uma_protection_exists', false],
  ])('sets for %s mayHaveRun to %s', (code, mayHaveRun) => {
    expect(commandError({ error: code, error_description: 'any' }).mayHaveRun).toBe(mayHaveRun);
  });

  it('omits the body of another server from the message', () => {
    const error_description = '{"error":"need_info","ticket":"geheim"}';
    const thrown = commandError({ error: 'http_status_403', error_description });
    expect(thrown.error_description).toBe(error_description);
    expect(inspect(thrown)).not.toContain('geheim');
  });

  it('omits a string that looks like a token from the message', () => {
    const thrown = commandError({
      error: 'x',
      error_description: 'No user for m9SfzaVCnokXlOKiHULK',
    });
    expect(inspect(thrown)).not.toContain('m9SfzaVC');
  });

  it.each([
    ['no JSON', 'not json at all'],
    ['an empty string', ''],
    ['null', 'null'],
    ['an array', '[]'],
    ['a JSON string', '"ok"'],
    ['an unknown status', '{"status":"OK","data":{}}'],
    ['no status', '{"data":{}}'],
    ['no data', '{"status":"ok"}'],
    ['data that is no object', '{"status":"ok","data":"x"}'],
    ['data that is a list', '{"status":"ok","data":[]}'],
    ['an error without data', '{"status":"error","data":null}'],
    ['an error without a code', error({ error_description: 'x' })],
    ['an error with an empty code', error({ error: '' })],
    ['an error code that is no string', error({ error: 1 })],
  ])('rejects %s', (_name, text) => {
    expect(() => readReply('get_user_info', text)).toThrow(
      expect.objectContaining({
        code: 'OXD_TRANSPORT_MALFORMED',
        command: 'get_user_info',
        mayHaveRun: true,
      }),
    );
  });

  it('never quotes the response', () => {
    let printed = '';
    try {
      readReply('get_user_info', '{"status":"ok","data":geheim}');
    } catch (thrown) {
      printed = inspect(thrown);
    }
    expect(printed).toContain('OXD_TRANSPORT_MALFORMED');
    expect(printed).not.toContain('geheim');
  });
});
