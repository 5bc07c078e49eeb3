import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OxdConfigurationError } from '../base/errors.js';
import { OidcService } from './oidc.service.js';

/** Registers the login strategy of a module in Passport while the application runs. */
@Injectable()
export class StrategyLifecycle {
  constructor(
    private readonly oidc: OidcService,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /**
   * Adds the strategy, if the module has one, to Passport.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the name is already used, or
   *   when the HTTP adapter is not that of Express
   */
  begin(): void {
    const { strategy } = this.oidc;
    if (!strategy) return;
    const platform = this.adapterHost.httpAdapter?.getType();
    // An application context and a testing module have no adapter, or an adapter without a type.
    if (platform && platform !== 'express') {
      throw new OxdConfigurationError([expressOnly(platform)]);
    }
    strategy.add();
  }

  /** Removes the strategy from Passport. */
  end(): void {
    this.oidc.strategy?.remove();
  }
}

function expressOnly(platform: string): string {
  return (
    `OidcStrategy: works on Express only, but the HTTP adapter is ${platform}; remove ` +
    'OidcStrategy and LoginGuard, and call OidcService.startLogin() and finishLogin() instead'
  );
}
