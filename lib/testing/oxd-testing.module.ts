import { randomBytes, randomUUID } from 'node:crypto';
import { Logger, type DynamicModule, type Provider } from '@nestjs/common';
import { AccessTokenVerifier } from '../access-token/access-token-verifier.js';
import { OxdClock } from '../base/clock.js';
import { OxdConfigurationError } from '../base/errors.js';
import { rejectProduction } from '../base/reject-production.js';
import { BearerAuthorizer } from '../bearer/guard/bearer-authorizer.js';
import { BearerRouteTable } from '../bearer/guard/bearer-route-table.js';
import type { UmaPermission } from '../commands/uma.js';
import { OidcService } from '../oidc/oidc.service.js';
import { OxdOptions } from '../options/oxd.options.js';
import { OxdModule } from '../oxd.module.js';
import { UmaRouteTable } from '../uma/declarations/declared-route.js';
import { DecisionAuthorizer } from '../uma/guard/decision-authorizer.js';
import { ResourceCheck } from '../uma/guard/resource-check.js';
import { TokenAuthentication } from '../uma/guard/token-authentication.js';
import { UmaAuthorizer } from '../uma/guard/uma-authorizer.js';
import { ScriptedTransport } from './scripted-transport.js';
import { TestingAuthentication } from './testing-authentication.js';
import { TestingAuthorizer, type TestDecisions } from './testing-authorizer.js';
import { TestingBearerAuthorizer } from './testing-bearer.js';
import { GrantDecisions, type OxdTestingGrant } from './testing-grant.js';
import { TestingLogin } from './testing-login.js';
import { testingReplies } from './testing-replies.js';
import { testingProfile, type OxdTestingUser } from './testing-user.js';
import { isNonEmptyString } from '../base/json.js';

/** Options of {@link OxdTestingModule.forRoot}. */
export interface OxdTestingOptions {
  /**
   * User of granted requests: `@OxdUser()`, `@AccessToken()` and `@Rpt('sub')` inject the user and
   * its parts. Default none.
   */
  readonly user?: OxdTestingUser;
  /** Permissions that `@Rpt()` injects for granted requests; default an empty list. */
  readonly permissions?: readonly UmaPermission[];
  /**
   * Decision of `UmaGuard`, `BearerGuard` and `LoginGuard`, or a function that decides on each request. Default
   * true with `user`, else false.
   */
  readonly grant?: OxdTestingGrant;
  /** Name of the Passport strategy, as option `name` of `OxdModule`; default `oxd`. */
  readonly name?: string;
  /**
   * URL of the API, as option `bearer.resource` of `OxdModule`; `ProtectedResourceController` needs it. Default
   * none.
   */
  readonly resource?: string;
  /** Makes the services injectable in every module, as with `OxdModule`; default false. */
  readonly isGlobal?: boolean;
}

const ISSUER = 'https://op.example.com';
const ORIGIN = 'http://localhost:3000';

/**
 * Stands in for `OxdModule` in tests of an application: an `OxdModule` with transport and store in
 * memory, so without network, file and lock, whose guards follow option `grant`. Denials, checks
 * at start-up and decorators are those of the real module. `OxdTransport` is a
 * {@link ScriptedTransport}: script replies to further commands on it. Logs a warning unless
 * `NODE_ENV` is `test`.
 *
 * ```ts
 * Test.createTestingModule({
 *   imports: [OxdTestingModule.forRoot({ user: { sub: 'alice' } })],
 *   controllers: [AlbumsController],
 * });
 * ```
 */
export class OxdTestingModule {
  /**
   * Configures the module.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when `NODE_ENV` is `production`, or
   *   when `user.sub` is empty
   */
  static forRoot(options: OxdTestingOptions = {}): DynamicModule {
    rejectProduction('OxdTestingModule');
    if (process.env.NODE_ENV !== 'test') new Logger('OxdTestingModule').warn(FOR_TESTS);
    const { user: given, permissions = [], grant = given !== undefined } = options;
    const user = given && testingProfile(checkedUser(given), ISSUER, Date.now());
    const grants = new GrantDecisions(grant);
    const rpt = randomUUID();
    const oxd_id = randomUUID();
    const transport = new ScriptedTransport(
      testingReplies({ oxd_id, issuer: ISSUER, rpt, permissions, user }),
    );
    const real = OxdModule.forRoot({
      site: { op_host: ISSUER, authorization_redirect_uri: `${ORIGIN}/callback`, oxd_id },
      transport,
      // Every declaration of the application is satisfied: the grant decides.
      bearer: { audience: ORIGIN, resource: options.resource, roles: () => [] },
      secret: randomBytes(32).toString('hex'),
      eager: true,
      name: options.name,
      isGlobal: options.isGlobal,
    });
    return { ...real, providers: [...(real.providers ?? []), ...replaced({ grants, rpt, user })] };
  }
}

const FOR_TESTS =
  'The option grant decides on access, and no authorization server. Use this module in tests only.';

/** Providers that replace those of `OxdModule`, or that are added to them. */
function replaced(decisions: TestDecisions): Provider[] {
  const { user, grants } = decisions;
  if (!user) return deciding(decisions);
  const login: Provider = {
    provide: TestingLogin,
    useFactory: (oidc: OidcService) => new TestingLogin(oidc, { grants, user, origin: ORIGIN }),
    inject: [OidcService],
  };
  return [...deciding(decisions), login];
}

/** Providers through which the guards decide by the test. */
function deciding(decisions: TestDecisions): Provider[] {
  const make =
    <D extends unknown[]>(type: new (decisions: TestDecisions, ...dependencies: D) => object) =>
    (...dependencies: D): object =>
      new type(decisions, ...dependencies);
  return [
    {
      provide: UmaAuthorizer,
      useFactory: make(TestingAuthorizer),
      inject: [UmaRouteTable, ResourceCheck, OxdOptions, OxdClock, DecisionAuthorizer],
    },
    {
      provide: TokenAuthentication,
      useFactory: make(TestingAuthentication),
      inject: [AccessTokenVerifier, OxdOptions],
    },
    {
      provide: BearerAuthorizer,
      useFactory: make(TestingBearerAuthorizer),
      inject: [BearerRouteTable, AccessTokenVerifier, OxdOptions, OxdClock],
    },
  ];
}

function checkedUser(user: OxdTestingUser): OxdTestingUser {
  if (isNonEmptyString(user.sub)) return user;
  throw new OxdConfigurationError(['user.sub: must be a string that is not empty']);
}
