import { umaChallenge } from '../../../lib/uma/challenge/challenge.js';
import { challengeOf } from '../../../lib/uma/guard/denial-challenge.js';

const valid = { realm: 'photos.example.com', as_uri: 'https://as.example.com', ticket: 't-1' };
const source = { realm: 'photos.example.com', op_host: 'https://op.example.com' };

describe('umaChallenge', () => {
  it('contains realm, as_uri and ticket', () => {
    expect(umaChallenge(valid)).toBe(
      'UMA realm="photos.example.com", as_uri="https://as.example.com", ticket="t-1"',
    );
  });

  it('ends with scope and resource_metadata of the API', () => {
    const resource_metadata = 'https://photos.example.com/.well-known/oauth-protected-resource';
    expect(umaChallenge({ ...valid, scope: 'view print', resource_metadata })).toBe(
      'UMA realm="photos.example.com", as_uri="https://as.example.com", ticket="t-1", ' +
        `scope="view print", resource_metadata="${resource_metadata}"`,
    );
  });

  it('omits scopes with characters that are invalid in a header', () => {
    expect(umaChallenge({ ...valid, scope: 'view\r\nX: y' })).toBe(umaChallenge(valid));
  });

  it('escapes quotes and backslashes', () => {
    expect(umaChallenge({ ...valid, ticket: 'a"b\\c' })).toContain(String.raw`ticket="a\"b\\c"`);
  });

  it.each([
    { name: 'a further header', value: 'x\r\nSet-Cookie: a=by' },
    { name: 'a line feed', value: 'x\ny' },
    { name: 'a carriage return', value: 'x\ry' },
    { name: 'a null character', value: 'x\0y' },
    { name: 'a delete character', value: 'x\x7fy' },
    { name: 'a tab', value: 'x\ty' },
    { name: 'a letter outside ASCII', value: 'xéy' },
    { name: 'a Unicode line separator', value: 'x\u2028y' },
    { name: 'no character', value: '' },
  ])('returns undefined for a parameter with $name', ({ value }) => {
    const parameters = ['realm', 'as_uri', 'ticket'] as const;
    for (const parameter of parameters) {
      expect(umaChallenge({ ...valid, [parameter]: value })).toBeUndefined();
    }
  });
});

describe('challengeOf', () => {
  const denied = { access: 'denied' } as const;

  it('names the scopes of the declaration only together with the metadata of the API', () => {
    const result = { ...denied, ticket: 't-1' };
    const scopes = ['view', 'print'];
    expect(challengeOf(result, { ...source, scopes })).not.toContain('scope=');
    const resource_metadata = 'https://photos.example.com/.well-known/oauth-protected-resource';
    expect(challengeOf(result, { ...source, scopes, resource_metadata })).toContain(
      `ticket="t-1", scope="view print", resource_metadata="${resource_metadata}"`,
    );
  });

  it.each([
    ['the header', 'UMA realm="rs",as_uri="https://as",error="insufficient_scope",ticket="t-2"'],
    ['a header without ticket', 'UMA realm="rs",as_uri="https://as"'],
  ])('takes as_uri from %s and the ticket from the result', (_, header) => {
    const result = { ...denied, ticket: 't-1', 'www-authenticate_header': header };
    expect(challengeOf(result, source)).toBe(
      'UMA realm="photos.example.com", as_uri="https://as", ticket="t-1"',
    );
  });

  it('prefers as_uri of the result to the header', () => {
    const result = {
      ...denied,
      ticket: 't-1',
      'www-authenticate_header': 'UMA as_uri="https://b"',
    };
    expect(challengeOf({ ...result, as_uri: 'https://a' }, source)).toBe(
      'UMA realm="photos.example.com", as_uri="https://a", ticket="t-1"',
    );
  });

  it('returns undefined for a line break in as_uri of the result', () => {
    expect(challengeOf({ ...denied, ticket: 't-1', as_uri: 'https://as\r\nX: y' }, source)).toBe(
      undefined,
    );
  });

  it.each([
    ['no header', undefined],
    ['a header of another scheme', 'Bearer realm="rs"'],
    ['a malformed header', 'UMA "'],
  ])('uses op_host as as_uri with %s', (_, header) => {
    const result = { ...denied, ticket: 't-1', 'www-authenticate_header': header };
    expect(challengeOf(result, source)).toContain('as_uri="https://op.example.com"');
  });

  it.each([
    ['no ticket', undefined, 'UMA as_uri="https://as", ticket="t-2"'],
    ['an empty ticket', '', undefined],
    ['a ticket with a line break', 't\r\nX: y', undefined],
    ['a line break in as_uri', 't-1', 'UMA as_uri="https://as\r\nX: y"'],
  ])('returns undefined for %s', (_, ticket, header) => {
    const result = { ...denied, ticket, 'www-authenticate_header': header };
    expect(challengeOf(result, source)).toBeUndefined();
  });
});
