import { RELEASES, type Release } from '../../../lib/base/oxd-releases.js';
import { fromWire, toWire } from '../../../lib/commands/dialect/dialect.js';
import { httpsRecordings } from '../../recordings/https-recordings.js';
import { isJsonObject, parseJson, type JsonObject } from '../../../lib/base/json.js';
import { registerSecret } from '../../support/secrets.js';

const EXPRESSION = { rule: { or: [{ var: 0 }] }, data: ['read'] };
const RESOURCE = { oxd_id: 'id', path: '/photo', http_method: 'GET' };

function failureOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('uma_rs_modify', () => {
  const send = (release: Release) =>
    toWire(release, 'uma_rs_modify', { ...RESOURCE, scope_expression: EXPRESSION });

  it.each(RELEASES.slice(0, -2))('is not sent to %s', (release) => {
    const error = failureOf(() => send(release));
    expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED' });
    expect(String(error)).toContain('oxd 4.2 and later');
  });

  it.each(RELEASES.slice(-2))('is sent to %s with the expression as JSON string', (release) => {
    const scope_expression = '{"rule":{"or":[{"var":0}]},"data":["read"]}';
    const params = { ...RESOURCE, scope_expression };
    expect(send(release)).toEqual({ command: 'uma_rs_modify', params });
  });

  it('sends new scopes as a list', () => {
    const params = { ...RESOURCE, scopes: ['a', 'b'] };
    expect(toWire('4.5', 'uma_rs_modify', params)).toEqual({ command: 'uma_rs_modify', params });
  });

  it.each([
    { name: 'no scopes', params: RESOURCE, error: 'bad_request' },
    { name: 'an empty list of scopes', params: { ...RESOURCE, scopes: [] }, error: 'bad_request' },
    {
      name: 'a blank path',
      params: { ...RESOURCE, path: ' ', scopes: ['a'] },
      error: 'invalid_path_parameter',
    },
    {
      name: 'a blank method',
      params: { ...RESOURCE, http_method: '', scopes: ['a'] },
      error: 'invalid_http_method',
    },
  ])('is not sent with $name', ({ params, error }) => {
    const failed = failureOf(() => toWire('4.5', 'uma_rs_modify', params));
    expect(failed).toMatchObject({ code: 'OXD_COMMAND_FAILED', error, mayHaveRun: false });
  });

  it('requires an oxd_id in the result', () => {
    const read = (data: object) => fromWire('4.2', 'uma_rs_modify', RESOURCE, data);
    expect(read({ oxd_id: 'id' })).toEqual({ oxd_id: 'id' });
    expect(failureOf(() => read({}))).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED' });
  });
});

describe('get_rp', () => {
  const params = { oxd_id: 'id', protection_access_token: 'protection-token-1' };
  registerSecret(params.protection_access_token);
  const read = (release: Release, data: object, more: object = {}) =>
    fromWire(release, 'get_rp', { oxd_id: 'id', ...more }, data);

  it.each(RELEASES.slice(0, 3))('is not sent to %s', (release) => {
    const error = failureOf(() => toWire(release, 'get_rp', params));
    expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED' });
    expect(String(error)).toContain('oxd 3.1.4 and later');
  });

  it('is sent to 3.1.4 without a token', () => {
    expect(toWire('3.1.4', 'get_rp', params).params).toEqual({ oxd_id: 'id' });
  });

  it.each(RELEASES.slice(4))('is sent to %s with a token', (release) => {
    expect(toWire(release, 'get_rp', params)).toEqual({ command: 'get_rp', params });
  });

  it.each(['rest-4.2.3', 'rest-4.5.5'] as const)('reads every record of %s', (peer) => {
    const nodes = httpsRecordings(peer)
      .filter(({ command }) => command === 'get_rp')
      .map(({ reply }) => parseJson(reply.body))
      .filter(
        (body): body is { node: JsonObject } => isJsonObject(body) && isJsonObject(body.node),
      );
    expect(nodes.length).toBeGreaterThanOrEqual(4);
    for (const { node } of nodes) {
      const { redirect_uri, ...record } = node;
      expect(read(peer === 'rest-4.2.3' ? '4.2' : '4.5', { node })).toEqual({
        node: {
          ...record,
          authorization_redirect_uri: redirect_uri,
          logout_redirect_uri: 'https://client.example/out',
        },
      });
    }
  });

  it('reads a record of 3.1.4 without its nulls', () => {
    const node = {
      oxd_id: 'id',
      op_host: 'https://op',
      authorization_redirect_uri: 'https://a/cb',
    };
    expect(read('3.1.4', { node: { ...node, pat: null, future: 1 } })).toEqual({
      node: { ...node, future: 1 },
    });
  });

  it('reports the null of 3.1.4 as an unknown site', () => {
    expect(failureOf(() => read('3.1.4', { node: null }))).toMatchObject({
      ...{ code: 'OXD_COMMAND_FAILED', error: 'invalid_oxd_id', mayHaveRun: false },
    });
  });

  it.each([
    {
      name: 'sites',
      node: [
        { oxd_id: 'a', client_name: 'A' },
        { oxd_id: 'b', client_name: null },
      ],
      list: [{ oxd_id: 'a', client_name: 'A' }, { oxd_id: 'b' }],
    },
    { name: 'plain ids', node: ['a', 'b'], list: [{ oxd_id: 'a' }, { oxd_id: 'b' }] },
    { name: 'nothing', node: [], list: [] },
  ])('reads a list of $name', ({ node, list }) => {
    expect(read('3.1.4', { node }, { list: true })).toEqual({ node: list });
  });

  it.each([
    { name: 'a list in place of a record', node: ['a'], list: false },
    { name: 'a record in place of a list', node: { oxd_id: 'a', op_host: 'b' }, list: true },
    { name: 'a record without an id', node: { op_host: 'https://op' }, list: false },
    { name: 'a list with an item without an id', node: [{ client_name: 'A' }], list: true },
    { name: 'null in place of a list', node: null, list: true },
    { name: 'a string', node: 'a', list: false },
  ])('rejects $name', ({ node, list }) => {
    const error = failureOf(() => read('4.5', { node }, { list }));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED' });
  });
});
