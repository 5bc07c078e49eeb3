import type { OnModuleInit } from '@nestjs/common';
import type { OidcService } from '../oidc/oidc.service.js';
import type { OxdUserProfile } from '../oidc/user-profile.js';
import { resolveReturnTo } from '../transaction/return-to.js';
import type { GrantDecisions } from './testing-grant.js';

interface LoginRequest {
  readonly url: string;
  readonly originalUrl?: string;
}

interface LoginOptions {
  readonly returnTo?: string;
}

/** Methods of `OidcStrategy` and of Passport. The class is not imported: Passport is optional. */
interface LoginStrategy {
  authenticate: (this: LoginStrategy, request: LoginRequest, options?: LoginOptions) => void;
  validate(user: OxdUserProfile, request: LoginRequest): unknown;
  success(user: unknown, info: { readonly returnTo: string }): void;
  fail(status: number): void;
  error(error: unknown): void;
}

/** Settings of {@link TestingLogin}. */
export interface TestingLoginOptions {
  readonly grants: GrantDecisions;
  /** User who is logged in by a granted request. */
  readonly user: OxdUserProfile;
  /** Origin of the application. */
  readonly origin: string;
}

/** Lets the strategy of the module log in the user of the test, without the provider. */
export class TestingLogin implements OnModuleInit {
  constructor(
    private readonly oidc: OidcService,
    private readonly options: TestingLoginOptions,
  ) {}

  onModuleInit(): void {
    const { strategy } = (this.oidc.strategy ?? {}) as { readonly strategy?: LoginStrategy };
    if (strategy) replaceAuthenticate(strategy, this.options);
  }
}

function replaceAuthenticate(strategy: LoginStrategy, test: TestingLoginOptions): void {
  const { authenticate } = strategy;
  // Passport calls the method on a copy of the strategy, which has the callbacks of the request.
  strategy.authenticate = function (this: LoginStrategy, request, options = {}): void {
    const run = async (): Promise<void> => {
      if (await test.grants.of(request)) await logIn(this, request, { ...test, ...options });
      else authenticate.call(this, request, options);
    };
    run().catch((error: unknown) => this.error(error));
  };
}

async function logIn(
  strategy: LoginStrategy,
  request: LoginRequest,
  { user, origin, returnTo }: TestingLoginOptions & LoginOptions,
): Promise<void> {
  const validated = await strategy.validate(user, request);
  if (!validated) return strategy.fail(401);
  const { searchParams } = new URL(request.originalUrl ?? request.url, origin);
  const address = returnTo ?? searchParams.get('returnTo') ?? '/';
  strategy.success(validated, { returnTo: resolveReturnTo(address, origin).url });
}
