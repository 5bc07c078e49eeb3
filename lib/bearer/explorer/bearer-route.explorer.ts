import { Injectable, Logger } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { AccessTokenVerifier } from '../../access-token/access-token-verifier.js';
import { logContext } from '../../options/log-context.js';
import { OxdOptions } from '../../options/oxd.options.js';
import { GuardMarks } from '../../routes/guard-marks.js';
import { guardedRoutes } from '../../routes/guarded-routes.js';
import type { HttpRoute } from '../../routes/http-routes.js';
import { rejectIssues } from '../../routes/reject-issues.js';
import { sharedFunctionIssues } from '../../routes/shared-functions.js';
import { unusedDeclarationIssues } from '../../routes/unused-declarations.js';
import { BEARER_MARKS } from '../declarations/bearer-marks.js';
import { requirementOf, type BearerRequirement } from '../declarations/bearer-requirement.js';
import { BearerAuthorizer } from '../guard/bearer-authorizer.js';
import { BearerRouteTable } from '../guard/bearer-route-table.js';
import { BEARER_FAMILY } from '../guard/bearer.guard.js';
import { bearerOptionIssues, bearerRouteIssues } from './bearer-issues.js';

/** Reads the declarations of the application's routes once, at start-up. */
@Injectable()
export class BearerRouteExplorer {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
    private readonly adapterHost: HttpAdapterHost,
    private readonly table: BearerRouteTable,
    private readonly access: BearerAuthorizer,
    private readonly verifier: AccessTokenVerifier,
    private readonly options: OxdOptions,
    private readonly guards: GuardMarks,
  ) {}

  /**
   * Checks every route of the application and fills the route table with those whose `BearerGuard`
   * uses the authorizer of this module. Logs the names of routes without a declaration.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID, with the name of every handler whose
   *   declaration is invalid
   */
  explore(): void {
    const { modules, config, adapterHost, options, verifier } = this;
    rejectIssues(unusedDeclarationIssues(modules, BEARER_MARKS));
    const routes = guardedRoutes({ modules, config, adapterHost }, BEARER_FAMILY);
    rejectIssues(bearerRouteIssues(routes));
    const own = routes.filter(({ guards }) => guards.includes(this.access));
    rejectIssues(sharedFunctionIssues(own, (route) => this.accessOf(route)));
    rejectIssues(bearerOptionIssues(own, options, verifier.isSupported));
    this.warnUndeclared(own.filter((route) => !this.addToTable(route)));
  }

  /** Access by `BearerGuard`, which leaves a route without a declaration to the guard that protects it. */
  private accessOf(route: HttpRoute): BearerRequirement | 'public' | undefined {
    const isElsewhere = this.guards.isProtectedByOther(BEARER_MARKS, route);
    return requirementOf(route) ?? (isElsewhere ? 'public' : undefined);
  }

  /** @returns false for a route that this guard denies */
  private addToTable(route: HttpRoute): boolean {
    const required = this.accessOf(route);
    if (required === undefined) return false;
    const { controller, callbacks } = route;
    for (const callback of callbacks) {
      this.table.add({ controller, callback, template: '' }, required);
    }
    return true;
  }

  private warnUndeclared(routes: readonly HttpRoute[]): void {
    if (routes.length === 0) return;
    const names = [...new Set(routes.map(({ name }) => name))];
    new Logger(logContext('BearerGuard', this.options)).warn(
      `Denied, because they have neither @BearerProtected nor @BearerPublic: ${names.join(', ')}.`,
    );
  }
}
