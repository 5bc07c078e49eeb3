import { exposeChallengeHeader, umaChallenge } from '../../../lib/uma/challenge/challenge.js';
import { challengeOf } from '../../../lib/uma/guard/denial-challenge.js';

const good = { realm: 'photos.example.com', as_uri: 'https://as.example.com', ticket: 't-1' };
const source = { realm: 'photos.example.com', op_host: 'https://op.example.com' };

describe('umaChallenge', () => {
  it('names realm, as_uri and ticket', () => {
    expect(umaChallenge(good)).toBe(
      'UMA realm="photos.example.com", as_uri="https://as.example.com", ticket="t-1"',
    );
  });

  it('escapes quotes and backslashes', () => {
    expect(umaChallenge({ ...good, ticket: 'a"b\\c' })).toContain(String.raw`ticket="a\"b\\c"`);
  });

  it.each(['\r\nSet-Cookie: a=b', '\n', '\r', '\0', '\x7f', '\t', 'é', '\u2028', ''])(
    'is not made with %j in a part',
    (bad) => {
      const parts = ['realm', 'as_uri', 'ticket'] as const;
      const value = bad === '' ? '' : `x${bad}y`;
      for (const part of parts) expect(umaChallenge({ ...good, [part]: value })).toBeUndefined();
    },
  );
});

describe('challengeOf', () => {
  const denied = { access: 'denied' } as const;

  it.each([
    ['the header', 'UMA realm="rs",as_uri="https://as",error="insufficient_scope",ticket="t-2"'],
    ['a header without ticket', 'UMA realm="rs",as_uri="https://as"'],
  ])('takes as_uri from %s and the ticket from the result', (_, header) => {
    const result = { ...denied, ticket: 't-1', 'www-authenticate_header': header };
    expect(challengeOf(result, source)).toBe(
      'UMA realm="photos.example.com", as_uri="https://as", ticket="t-1"',
    );
  });

  it.each([
    ['no header', undefined],
    ['a header of another scheme', 'Bearer realm="rs"'],
    ['a header that is not one', 'UMA "'],
  ])('names op_host where there is %s', (_, header) => {
    const result = { ...denied, ticket: 't-1', 'www-authenticate_header': header };
    expect(challengeOf(result, source)).toContain('as_uri="https://op.example.com"');
  });

  it.each([
    ['no ticket', undefined, 'UMA as_uri="https://as", ticket="t-2"'],
    ['an empty ticket', '', undefined],
    ['a ticket with a line break', 't\r\nX: y', undefined],
    ['a line break in as_uri', 't-1', 'UMA as_uri="https://as\r\nX: y"'],
  ])('makes none of %s', (_, ticket, header) => {
    const result = { ...denied, ticket, 'www-authenticate_header': header };
    expect(challengeOf(result, source)).toBeUndefined();
  });
});

it.each([
  [undefined, 'WWW-Authenticate'],
  ['X-Total', 'X-Total, WWW-Authenticate'],
  ['X-Total,www-authenticate', 'X-Total, WWW-Authenticate'],
  [['X-Total', 'X-Page'], 'X-Total, X-Page, WWW-Authenticate'],
  ['', 'WWW-Authenticate'],
  [7, 'WWW-Authenticate'],
])('exposing(%j) is %s', (current, exposed) => {
  expect(exposeChallengeHeader(current)).toBe(exposed);
});
