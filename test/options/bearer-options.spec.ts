import { OxdConfigurationError } from '../../lib/base/errors.js';
import { resolveOptions, type OxdModuleOptions } from '../../lib/options/oxd.options.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';

const good: OxdModuleOptions = {
  site: {
    op_host: 'https://op.example.com',
    authorization_redirect_uri: 'https://app.example.com/callback',
  },
  secret: 'a secret of more than 32 characters',
};
const OXD = { type: 'socket' };

/** Problems of option `bearer`. */
function issuesOf(bearer: unknown, transport?: unknown): readonly string[] {
  try {
    resolveOptions({ ...good, bearer, ...(transport !== undefined && { transport }) } as never);
    return [];
  } catch (error) {
    if (error instanceof OxdConfigurationError) return error.issues;
    throw error;
  }
}

const resolved = (bearer: OxdModuleOptions['bearer'], transport = {}) =>
  resolveOptions({ ...good, bearer, ...transport }).bearer;

describe('option bearer', () => {
  it.each([
    { name: 'one audience as a list', bearer: { audience: 'a' }, expected: { audience: ['a'] } },
    {
      name: 'several audiences',
      bearer: { audience: ['a', 'b'] },
      expected: { audience: ['a', 'b'] },
    },
    { name: 'no tolerance', bearer: { clockTolerance: 0 }, expected: { clockTolerance: 0 } },
    {
      name: 'the defaults of an empty cache',
      bearer: { cache: {} },
      expected: { cache: { ttl: 30_000, max: 10_000 } },
    },
    { name: 'a resource', bearer: { resource: 'https://a.example/v1' }, expected: {} },
    { name: 'a resource on loopback', bearer: { resource: 'http://127.0.0.1:3000' }, expected: {} },
    {
      name: 'the scopes of a resource',
      bearer: { resource: 'https://a.example', scopesSupported: ['read', 'https://s.example/w'] },
      expected: { scopesSupported: ['read', 'https://s.example/w'] },
    },
    { name: 'undefined as omitted', bearer: { audience: undefined }, expected: { audience: [] } },
  ])('accepts $name', ({ bearer, expected }) => {
    expect(resolved(bearer)).toMatchObject({ ...bearer, ...expected });
  });

  it('has a cache only if the option is set', () => {
    expect(resolved({}).cache).toBeUndefined();
  });

  it('returns the given function for roles', () => {
    const roles = () => ['admin'];
    expect(resolved({ roles }).roles).toBe(roles);
  });

  it.each([
    { name: 'embedded', transport: {}, introspection: 'opaque' },
    { name: 'oxd', transport: { transport: OXD }, introspection: 'always' },
    {
      name: 'a custom transport',
      transport: { transport: new ScriptedTransport({}) },
      introspection: 'always',
    },
  ])('introspects $introspection by default on $name', ({ transport, introspection }) => {
    expect(resolved({}, transport)).toMatchObject({ introspection });
  });

  it('is frozen, and does not share its lists with the caller', () => {
    const given = { audience: ['a'], resource: 'https://a.example', scopesSupported: ['read'] };
    const bearer = resolved(given);
    given.audience.push('b');
    given.scopesSupported.push('write');
    expect(bearer).toMatchObject({ audience: ['a'], scopesSupported: ['read'] });
    expect([bearer, bearer.audience, bearer.scopesSupported].every(Object.isFrozen)).toBe(true);
  });

  const IDENTIFIERS =
    'bearer.audience: must be a string that is not blank, or a list of such strings';
  const RESOURCE =
    'bearer.resource: must be an https URL without fragment and user name, or such an http URL on a ' +
    'loopback host';
  const SCOPES = 'bearer.scopesSupported: must be a list of scopes, without blanks and quotes';
  it.each([
    { name: 'a blank audience', bearer: { audience: ' ' }, issue: IDENTIFIERS },
    { name: 'an empty list of audiences', bearer: { audience: [] }, issue: IDENTIFIERS },
    { name: 'an empty audience in a list', bearer: { audience: ['a', ''] }, issue: IDENTIFIERS },
    { name: 'an audience that is a number', bearer: { audience: 7 }, issue: IDENTIFIERS },
    {
      name: 'roles that are a list',
      bearer: { roles: ['admin'] },
      issue: 'bearer.roles: must be a function (claims) => roles',
    },
    {
      name: 'a tolerance of more than a minute',
      bearer: { clockTolerance: 60_001 },
      issue: 'bearer.clockTolerance: must be milliseconds, an integer from 0 to 60000',
    },
    {
      name: 'an unknown introspection',
      bearer: { introspection: 'sometimes' },
      issue: 'bearer.introspection: must be one of the following values: opaque, always, never',
    },
    {
      name: 'a cache of more than 5 minutes',
      bearer: { cache: { ttl: 300_001 } },
      issue: 'bearer.cache.ttl: must be milliseconds, an integer from 0 to 300000',
    },
    { name: 'a resource on plain http', bearer: { resource: 'http://a.example' }, issue: RESOURCE },
    {
      name: 'a resource with a fragment',
      bearer: { resource: 'https://a.example/#x' },
      issue: RESOURCE,
    },
    {
      name: 'a resource with a user',
      bearer: { resource: 'https://u@a.example' },
      issue: RESOURCE,
    },
    { name: 'a resource that is a number', bearer: { resource: 7 }, issue: RESOURCE },
    {
      name: 'scopes without a resource',
      bearer: { scopesSupported: ['read'] },
      issue: 'bearer.scopesSupported: needs bearer.resource; set it, or remove both',
    },
    {
      name: 'a scope with a blank',
      bearer: { resource: 'https://a.example', scopesSupported: ['read write'] },
      issue: SCOPES,
    },
    {
      name: 'anyAudience as a string',
      bearer: { anyAudience: 'yes' },
      issue: 'bearer.anyAudience: must be a boolean value',
    },
    { name: 'an unknown property', bearer: { aud: 'a' }, issue: 'bearer.aud: is not an option' },
  ])('rejects $name', ({ bearer, issue }) => {
    expect(issuesOf(bearer)).toEqual([issue]);
  });

  it.each([
    { introspection: 'opaque', transport: OXD },
    { introspection: 'never', transport: OXD },
    { introspection: 'opaque', transport: new ScriptedTransport({}) },
  ])('rejects introspection $introspection on a transport that introspects every token', (row) => {
    const { introspection, transport } = row;
    expect(issuesOf({ introspection }, transport)).toEqual([
      "bearer.introspection: must be 'always' on this transport, which introspects every token; or remove it",
    ]);
    expect(issuesOf({ introspection: 'always' }, transport)).toEqual([]);
  });

  it('rejects anyAudience on oxd, which has no decision mode', () => {
    expect(issuesOf({ anyAudience: true }, OXD)).toEqual([
      'bearer.anyAudience: is supported by the embedded transport only; remove it',
    ]);
    expect(issuesOf({ anyAudience: false }, OXD)).toEqual([]);
  });
});
