import { Injectable, Logger } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { OxdConfigurationError } from '../../base/errors.js';
import type { UmaDeclaration } from '../declarations/declaration.js';
import { mergeDeclarations } from '../declarations/declaration-merge.js';
import { accessOf } from '../declarations/handler-access.js';
import type { GuardedRoute } from '../../routes/guard-issues.js';
import { guardedRoutes } from '../../routes/guarded-routes.js';
import { declarationsOf } from './route-access.js';
import { routeIssues } from './route-issues.js';
import { unusedDeclarationIssues } from '../../routes/unused-declarations.js';
import { logContext } from '../../options/log-context.js';
import { OxdOptions } from '../../options/oxd.options.js';
import { UmaAuthorizer } from '../guard/uma-authorizer.js';
import { UMA_FAMILY } from '../guard/uma.guard.js';
import { requiredByMethod, UmaRouteTable } from '../declarations/declared-route.js';

/** Reads the declarations of the application's routes once, at start-up. */
@Injectable()
export class UmaResourceExplorer {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
    private readonly adapterHost: HttpAdapterHost,
    private readonly table: UmaRouteTable,
    private readonly access: UmaAuthorizer,
    private readonly options: OxdOptions,
  ) {}

  /**
   * Checks every route of the application and fills the route table with those whose `UmaGuard`
   * uses the authorizer of this module. Logs the names of routes without a declaration.
   *
   * @returns each declared resource of these routes once; an empty list in an application without
   *   HTTP
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID, with the name of every handler whose
   *   declaration is invalid
   */
  explore(): readonly UmaDeclaration[] {
    throwIssues(unusedDeclarationIssues(this.modules, UMA_FAMILY.marks));
    const { modules, config, adapterHost } = this;
    const routes = guardedRoutes({ modules, config, adapterHost }, UMA_FAMILY);
    throwIssues(routeIssues(routes));
    const own = routes.filter(({ guards }) => guards.includes(this.access));
    const { declarations, issues } = mergeDeclarations(
      own.flatMap((route) => this.addToTable(route)),
    );
    throwIssues(issues);
    this.warnUndeclared(own);
    return declarations;
  }

  private warnUndeclared(routes: readonly GuardedRoute<UmaAuthorizer>[]): void {
    const undeclared = routes.filter((route) => accessOf(route) === undefined);
    if (undeclared.length === 0) return;
    const names = [...new Set(undeclared.map(({ name }) => name))];
    new Logger(logContext('UmaGuard', this.options)).warn(
      `Denied, because they have neither @UmaProtected nor @UmaPublic: ${names.join(', ')}.`,
    );
  }

  private addToTable(route: GuardedRoute<UmaAuthorizer>): UmaDeclaration[] {
    const access = accessOf(route);
    if (access === undefined) return [];
    const { controller, name: handler } = route;
    const isPublic = access === 'public';
    return route.templates.flatMap((template) => {
      const levels = isPublic ? [] : declarationsOf(route, access, template);
      const required = requiredByMethod(levels);
      for (const callback of route.callbacks) {
        this.table.add({ controller, callback, template }, { handler, isPublic, required });
      }
      return levels.flat();
    });
  }
}

function throwIssues(issues: readonly string[]): void {
  if (issues.length > 0) throw new OxdConfigurationError([...new Set(issues)]);
}
