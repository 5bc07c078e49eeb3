const OXD = './applications/nestjs-oxd.mjs';
const LEAST = './applications/least.mjs';
const PEER = './peer/application.mjs';

const protecting = { guards: ['AuthGuard', 'ResourceGuard'] };
const byRole = { guards: ['AuthGuard', 'RoleGuard'] };

/**
 * Contestants in the order of the table. `program` is started with `options`; `tokens` is the kind of
 * token that its callers present.
 */
export const CONTESTANTS = [
  {
    name: 'nest-keycloak-connect, online',
    program: PEER,
    options: { ...protecting, tokenValidation: 'online' },
    tokens: 'access',
  },
  {
    name: 'nest-keycloak-connect, offline',
    program: PEER,
    options: { ...protecting, tokenValidation: 'offline' },
    tokens: 'access',
  },
  { name: 'nestjs-oxd, introspection', program: OXD, options: { uma: {} }, tokens: 'rpt' },
  {
    name: 'nestjs-oxd, cached',
    program: OXD,
    options: { uma: { cache: {} } },
    tokens: 'rpt',
  },
  {
    name: 'nestjs-oxd, local',
    program: OXD,
    options: { uma: { localVerification: true } },
    tokens: 'rpt',
  },
  {
    name: 'nestjs-oxd, decision',
    program: OXD,
    options: { uma: { mode: 'decision' } },
    tokens: 'access',
  },
  {
    name: 'nestjs-oxd, decision cached',
    program: OXD,
    options: { uma: { mode: 'decision', cache: {} }, bearer: { cache: {} } },
    tokens: 'access',
  },
  {
    name: 'nest-keycloak-connect, role online',
    program: PEER,
    options: { ...byRole, tokenValidation: 'online' },
    tokens: 'access',
  },
  {
    name: 'nest-keycloak-connect, role offline',
    program: PEER,
    options: { ...byRole, tokenValidation: 'offline' },
    tokens: 'access',
  },
  { name: 'nestjs-oxd, role', program: OXD, options: { bearer: {} }, tokens: 'access' },
  {
    name: 'nestjs-oxd, role introspected',
    program: OXD,
    options: { bearer: { introspection: 'always' } },
    tokens: 'access',
  },
  {
    name: 'nestjs-oxd, role cached',
    program: OXD,
    options: { bearer: { cache: {} } },
    tokens: 'access',
  },
  {
    name: 'least introspection',
    program: LEAST,
    options: { guard: 'introspection' },
    tokens: 'rpt',
  },
  {
    name: 'least introspection, subject',
    program: LEAST,
    options: { guard: 'introspection', subject: true },
    tokens: 'rpt',
  },
  { name: 'least role', program: LEAST, options: { guard: 'role' }, tokens: 'access' },
  { name: 'no guard, NestJS 12', program: LEAST, options: { guard: 'none' }, tokens: 'none' },
  { name: 'no guard, NestJS 10', program: PEER, options: { guards: [] }, tokens: 'none' },
];

/** Goals: rate of a contestant as a multiple of the rate of a peer. */
export const GOALS = [
  ['nestjs-oxd, introspection', 'nest-keycloak-connect, online', 1.8],
  ['nestjs-oxd, introspection', 'nest-keycloak-connect, offline', 1.2],
  ['nestjs-oxd, cached', 'nest-keycloak-connect, online', 8],
  ['nestjs-oxd, local', 'nest-keycloak-connect, online', 5],
  ['nestjs-oxd, decision', 'nest-keycloak-connect, online', 1.8],
  ['nestjs-oxd, decision', 'nest-keycloak-connect, offline', 1.2],
  ['nestjs-oxd, decision cached', 'nest-keycloak-connect, online', 8],
  ['nestjs-oxd, role', 'nest-keycloak-connect, role offline', 1.5],
  ['nestjs-oxd, role', 'nest-keycloak-connect, role online', 5],
].map(([name, peer, factor]) => ({ name, peer, factor }));
