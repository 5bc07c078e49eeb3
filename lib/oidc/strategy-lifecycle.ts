import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OxdConfigurationError } from '../base/errors.js';
import { OidcService } from './oidc.service.js';

/** Keeps the login strategy of a module, if it has one, in Passport while the application runs. */
@Injectable()
export class StrategyLifecycle {
  constructor(
    private readonly oidc: OidcService,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /**
   * Adds the strategy to Passport.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when its name is taken, and on another
   *   HTTP adapter than that of Express
   */
  begin(): void {
    const { strategy } = this.oidc;
    if (!strategy) return;
    const platform = this.adapterHost.httpAdapter?.getType();
    // An application context and a testing module have no adapter, or one without a type.
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
    `OidcStrategy: works on Express only, this application runs on ${platform}; remove ` +
    'OidcStrategy and LoginGuard, and call OidcService.startLogin() and finishLogin() instead'
  );
}
