import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportsOf, importsOf, libFiles, reachableFrom, root } from './support/source.js';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { types: string; default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly engines: { readonly node: string };
  readonly schematics: string;
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const declared = [manifest.dependencies, manifest.peerDependencies].flatMap(Object.keys);
const optional = Object.keys(manifest.peerDependenciesMeta);

/** Public exports of each entry. Removing a name is a breaking change. */
const PUBLIC: Record<string, readonly string[]> = {
  '.': [
    'AccessToken',
    'AccessTokenClaims',
    'AddressClaim',
    'AliasTable',
    'AliasedParams',
    'BearerCacheOptions',
    'BearerGuard',
    'BearerGuardError',
    'BearerIntrospection',
    'BearerOptions',
    'BearerProtected',
    'BearerProtectedOptions',
    'BearerPublic',
    'BearerRoles',
    'BearerScopes',
    'BearerUser',
    'CallbackParams',
    'ClientMetadata',
    'ClientTokenResult',
    'CommandName',
    'Commands',
    'EmbeddedTransportOptions',
    'ExecuteOptions',
    'FileStore',
    'FileStoreOptions',
    'FinishedLogin',
    'GetAccessTokenByRefreshTokenParams',
    'GetAuthorizationUrlParams',
    'GetAuthorizationUrlResult',
    'GetClientTokenParams',
    'GetLogoutUriParams',
    'GetLogoutUriResult',
    'GetRpParams',
    'GetRpResult',
    'GetTokensByCodeParams',
    'GetTokensByCodeResult',
    'GetUserInfoParams',
    'GetUserInfoResult',
    'GivenParams',
    'GuardedRequest',
    'HttpsTransportOptions',
    'HttpsVersion',
    'IdTokenClaims',
    'IntrospectAccessTokenParams',
    'IntrospectAccessTokenResult',
    'IntrospectRptParams',
    'IntrospectRptResult',
    'ListedRp',
    'InvalidTicketError',
    'LoginOptions',
    'LoginRefusedError',
    'LoginSecrets',
    'LoginStateError',
    'LoginStateErrorCode',
    'MemoryStore',
    'MemoryStoreOptions',
    'NeedInfoError',
    'OidcService',
    'OxdClock',
    'OxdCommandError',
    'OxdCommandErrorCode',
    'OxdConfigurationError',
    'OxdError',
    'OxdErrorBody',
    'OxdErrorCode',
    'OxdErrorDetails',
    'OxdExceptionFilter',
    'OxdModule',
    'OxdModuleOptions',
    'OxdOptions',
    'OxdOptionsFactory',
    'OxdStore',
    'OxdStoreError',
    'OxdTransport',
    'OxdTransportError',
    'OxdTransportErrorCode',
    'OxdUser',
    'OxdUserDecorator',
    'OxdUserProfile',
    'OxdVersion',
    'Params',
    'Protected',
    'ProtectedResourceController',
    'RegisterSiteParams',
    'RegisterSiteResult',
    'RemoveSiteParams',
    'RequestDeniedError',
    'RequestHeaders',
    'RequestSubmittedError',
    'RequiredClaim',
    'ResolvedBearerOptions',
    'Result',
    'RpRecord',
    'RpResource',
    'Rpt',
    'RptParamDecorator',
    'ScopeExpression',
    'SetupClientParams',
    'SetupClientResult',
    'SiteMetadata',
    'SiteOptions',
    'SiteParams',
    'SiteResult',
    'SocketTransportOptions',
    'SocketVersion',
    'StartLoginParams',
    'StartedLogin',
    'TokenEndpointAuthMethod',
    'UmaCacheOptions',
    'UmaClaimsResolver',
    'UmaCondition',
    'UmaGuard',
    'UmaGuardError',
    'UmaOptions',
    'UmaPathResolver',
    'UmaMode',
    'UmaPermission',
    'UmaProtected',
    'UmaProtectedOptions',
    'UmaPublic',
    'UmaPushedClaims',
    'UmaRefusal',
    'UmaRefusalCode',
    'UmaResource',
    'UmaResourceResolver',
    'UmaRouteDeclaration',
    'UmaRpGetClaimsGatheringUrlParams',
    'UmaRpGetClaimsGatheringUrlResult',
    'UmaRpGetRptParams',
    'UmaRpGetRptResult',
    'UmaRsCheckAccessParams',
    'UmaRsCheckAccessResult',
    'UmaRsModifyParams',
    'UmaRsProtectParams',
    'UmaService',
    'UpdateSiteParams',
    'UserClaims',
    'UserParamDecorator',
    'UserTokens',
    'WireError',
    'keycloakRoles',
  ],
  './passport': ['LoginAuthenticateOptions', 'LoginGuard', 'LoginRequest', 'OidcStrategy'],
  './config': ['oxdConfig'],
  './sandbox': [
    'Sandbox',
    'SandboxClaims',
    'SandboxDecision',
    'SandboxNeed',
    'SandboxOptions',
    'SandboxPolicies',
    'SandboxPolicy',
    'SandboxPolicyRequest',
    'SandboxQuestion',
    'SandboxResource',
    'SandboxUser',
    'startSandbox',
  ],
  './redis': [
    'RedisClient',
    'RedisCommandOptions',
    'RedisCommands',
    'RedisSetOptions',
    'RedisStore',
    'RedisStoreOptions',
  ],
  './testing': [
    'FrameAnswer',
    'FrameDelivery',
    'FrameHandler',
    'FrameServer',
    'FrameServerOptions',
    'OxdServer',
    'OxdServerFault',
    'OxdServerOptions',
    'OxdTestingGrant',
    'OxdTestingModule',
    'OxdTestingOptions',
    'OxdTestingRequest',
    'OxdTestingUser',
    'ScriptedCall',
    'ScriptedReplies',
    'ScriptedReply',
    'ScriptedTransport',
    'TestIssuer',
    'TestIssuerEndpoint',
    'TestIssuerFault',
    'TestTokenOptions',
  ],
};

describe('packages', () => {
  // Required by Nest, and for `AuthGuard('oxd')`.
  const indirect = ['rxjs', '@nestjs/passport'];

  it('that lib imports are declared', () => {
    expect(imported(libFiles()).filter((name) => !declared.includes(name))).toEqual([]);
  });

  it('that are declared are imported', () => {
    const used = [...imported(libFiles()), ...indirect];
    expect(declared.filter((name) => !used.includes(name))).toEqual([]);
  });

  it.each<{ entry: string; allowed: string[] }>([
    { entry: '.', allowed: [] },
    { entry: './testing', allowed: ['selfsigned'] },
    { entry: './config', allowed: ['@nestjs/config'] },
    { entry: './passport', allowed: ['@nestjs/passport', 'passport'] },
    { entry: './redis', allowed: ['redis'] },
    { entry: './sandbox', allowed: ['oidc-provider'] },
  ])('that are optional are imported by entry $entry only if allowed', ({ entry, allowed }) => {
    const needed = imported(reachableFrom(sourceOf(entry))).filter((name) =>
      optional.includes(name),
    );
    expect(needed.filter((name) => !allowed.includes(name))).toEqual([]);
  });
});

describe('entries of the package', () => {
  it('are the public ones', () => {
    expect(Object.keys(manifest.exports)).toEqual([...Object.keys(PUBLIC), './package.json']);
  });

  it.each(Object.entries(PUBLIC))('%s exports exactly the public names', (entry, names) => {
    expect(exportsOf(sourceOf(entry))).toEqual([...names].sort());
  });

  it.each(Object.keys(PUBLIC))('%s has its code beside its types', (entry) => {
    const { types, default: code } = pathsOf(entry);
    expect(libFiles()).toContain(sourceOf(entry));
    expect(code).toBe(types.replace(/\.d\.ts$/, '.js'));
  });
});

describe('the command nestjs-oxd', () => {
  const source = manifest.bin['nestjs-oxd']?.replace(/^dist\/(.*)\.js$/, '$1.ts') ?? '';

  it('is a file of lib that runs with Node', () => {
    expect(readFileSync(join(root, 'lib', source), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('needs none of the optional packages but oidc-provider', () => {
    const needed = imported(reachableFrom(source)).filter((name) => optional.includes(name));
    expect(needed).toEqual(['oidc-provider']);
  });
});

it('package.json names the schematics, which the build copies beside their code', () => {
  expect(manifest.schematics).toBe('./dist/schematics/collection.json');
  const collection = readFileSync(join(root, 'lib/schematics/collection.json'), 'utf8');
  const { schematics } = JSON.parse(collection) as {
    schematics: Record<string, Record<'factory' | 'schema', string>>;
  };
  const { factory = '', schema = '' } = schematics['nest-add'] ?? {};
  const [code = '', name = ''] = factory.split('#');
  expect(exportsOf(join('schematics', code.replace('.js', '.ts')))).toContain(name);
  expect(readFileSync(join(root, 'lib/schematics', schema), 'utf8')).toContain('"opHost"');
  expect(readFileSync(join(root, 'nest-cli.json'), 'utf8')).toContain('"schematics/**/*.json"');
});

it('package.json requires Node 20.19, the first version that can require ES modules', () => {
  expect(manifest.engines.node).toBe('>=20.19.0');
});

it('package.json supports NestJS 11 and 12', () => {
  expect(manifest.peerDependencies).toMatchObject({
    '@nestjs/common': '^11.0.0 || ^12.0.0',
    '@nestjs/core': '^11.0.0 || ^12.0.0',
    '@nestjs/passport': '^11.0.0 || ^12.0.0',
  });
});

describe('the lock file', () => {
  interface Locked {
    readonly resolved?: string;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  }
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const locked = Object.entries(lock.packages);

  it('contains no host names', () => {
    const hosts = locked.filter(([, { resolved }]) => resolved?.includes(':'));
    expect(hosts).toEqual([]);
  });

  it('has the optional packages of every platform, which `npm ci` requires', () => {
    const missing = locked.flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          !(`node_modules/${name}` in lock.packages) &&
          !(`${path}/node_modules/${name}` in lock.packages),
      ),
    );
    expect(missing).toEqual([]);
  });
});

function pathsOf(entry: string): { types: string; default: string } {
  const paths = manifest.exports[entry];
  if (typeof paths !== 'object') throw new Error(`package.json has no entry ${entry}`);
  return paths;
}

function sourceOf(entry: string): string {
  return pathsOf(entry).types.replace('./dist/', '').replace('.d.ts', '.ts');
}

function imported(files: readonly string[]): string[] {
  const names = files.flatMap((file) => importsOf(file).map(({ target }) => target));
  return [...new Set(names)].filter((name) => !/^node:|\.ts$/.test(name));
}
