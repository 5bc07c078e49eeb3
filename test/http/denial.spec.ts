import { exposeChallengeHeader } from '../../lib/http/denial.js';

describe('exposeChallengeHeader', () => {
  it.each<{ name: string; current: unknown; exposed: string }>([
    { name: 'no header', current: undefined, exposed: 'WWW-Authenticate' },
    { name: 'another name', current: 'X-Total', exposed: 'X-Total, WWW-Authenticate' },
    {
      name: 'the challenge in lower case',
      current: 'X-Total,www-authenticate',
      exposed: 'X-Total, WWW-Authenticate',
    },
    {
      name: 'two headers',
      current: ['X-Total', 'X-Page'],
      exposed: 'X-Total, X-Page, WWW-Authenticate',
    },
    { name: 'an empty header', current: '', exposed: 'WWW-Authenticate' },
    { name: 'a number', current: 7, exposed: 'WWW-Authenticate' },
  ])('adds WWW-Authenticate to $name', ({ current, exposed }) => {
    expect(exposeChallengeHeader(current)).toBe(exposed);
  });
});
