import { keycloakRoles, OxdConfigurationError, type AccessTokenClaims } from '../../lib/index.js';

const claims = {
  realm_access: { roles: ['admin', 'user'] },
  resource_access: {
    api: { roles: ['editor', 'realm:admin', 'admin'] },
    other: { roles: ['owner'] },
  },
};

describe('keycloakRoles', () => {
  it('returns realm roles by name without a client', () => {
    expect(keycloakRoles()(claims)).toEqual(['admin', 'user']);
  });

  it('returns the roles of one client by name, and realm roles with a prefix', () => {
    expect(keycloakRoles('api')(claims)).toEqual(['editor', 'admin', 'realm:admin', 'realm:user']);
  });

  it('ignores client roles that look like realm roles', () => {
    const { resource_access } = claims;
    expect(keycloakRoles('api')({ resource_access })).toEqual(['editor', 'admin']);
  });

  it('returns only realm roles for an unknown client', () => {
    expect(keycloakRoles('missing')(claims)).toEqual(['realm:admin', 'realm:user']);
  });

  it.each<{ name: string; given: AccessTokenClaims }>([
    { name: 'no claims', given: {} },
    { name: 'null', given: { realm_access: null, resource_access: null } },
    { name: 'roles as a string', given: { realm_access: { roles: 'admin' } } },
    { name: 'roles that are not strings', given: { realm_access: { roles: [7, null, ['a']] } } },
    { name: 'a list', given: { realm_access: ['admin'], resource_access: [['admin']] } },
    {
      name: 'an inherited client',
      given: { resource_access: Object.create({ api: claims.resource_access.api }) },
    },
    { name: 'inherited roles', given: { realm_access: Object.create({ roles: ['admin'] }) } },
  ])('returns no role for $name', ({ given }) => {
    expect(keycloakRoles()(given)).toEqual([]);
    expect(keycloakRoles('api')(given)).toEqual([]);
  });

  it.each(['__proto__', 'constructor', 'toString'])('reads no roles of a client %s', (client) => {
    expect(keycloakRoles(client)({ resource_access: {} })).toEqual([]);
  });

  it.each([
    { name: 'undefined', id: undefined },
    { name: 'blank', id: ' ' },
  ])('rejects a client id that is $name, instead of reading realm roles', ({ id }) => {
    expect(() => keycloakRoles(id as string)).toThrow(OxdConfigurationError);
  });
});
