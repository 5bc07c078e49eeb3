import { attachBearerUser } from '../../lib/http/bearer-user.js';

describe('attachBearerUser', () => {
  const verified = { token: 'token-1', sub: 'alice', claims: { sub: 'alice' } };

  it('sets user, claims and token, and replaces another user', () => {
    const request: { user?: unknown } = { user: 'of the session' };
    attachBearerUser(request, verified);
    expect(request.user).toMatchObject({ sub: 'alice', claims: { sub: 'alice' } });
    expect(request.user).toHaveProperty('tokens.access_token', 'token-1');
  });

  it('hides the token from JSON, copies and logs', () => {
    const request: { user?: { tokens?: object } } = {};
    attachBearerUser(request, verified);
    expect(JSON.stringify(request)).not.toContain('token-1');
    expect({ ...request.user?.tokens }).toEqual({});
  });

  it('shares no changes of the tokens between requests with one token', () => {
    const request: { user?: { tokens?: { access_token: string } } } = {};
    attachBearerUser(request, verified);
    const { tokens } = request.user ?? {};
    expect(() => Object.assign(tokens ?? {}, { access_token: 'other' })).toThrow(TypeError);
  });

  it('omits a user that the token does not name', () => {
    const request: { user?: unknown } = {};
    attachBearerUser(request, { ...verified, sub: undefined });
    expect(Object.keys(request.user ?? {})).toEqual(['claims', 'tokens']);
  });
});
