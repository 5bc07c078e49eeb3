import { Injectable, Logger } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { isRegistered, type UmaDeclaration } from '../declarations/declaration.js';
import { mergeDeclarations } from '../declarations/declaration-merge.js';
import { accessOf, type HandlerAccess } from '../declarations/handler-access.js';
import type { GuardedRoute } from '../../routes/guard-issues.js';
import { guardedRoutes } from '../../routes/guarded-routes.js';
import { declarationsOf } from './route-access.js';
import { modeIssues } from './mode-issues.js';
import { routeIssues } from './route-issues.js';
import { GuardMarks } from '../../routes/guard-marks.js';
import { rejectIssues } from '../../routes/reject-issues.js';
import { haveCommonTemplate, sharedFunctionIssues } from '../../routes/shared-functions.js';
import { unusedDeclarationIssues } from '../../routes/unused-declarations.js';
import { logContext } from '../../options/log-context.js';
import { OxdOptions } from '../../options/oxd.options.js';
import { UmaAuthorizer } from '../guard/uma-authorizer.js';
import { UMA_FAMILY } from '../guard/uma.guard.js';
import { requiredByMethod, UmaRouteTable } from '../declarations/declared-route.js';

/** Declarations of the routes of a module. */
export interface ExploredDeclarations {
  /** Each resource to register once. */
  readonly registered: readonly UmaDeclaration[];
  /** Every declaration. */
  readonly all: readonly UmaDeclaration[];
}

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
    private readonly guards: GuardMarks,
  ) {}

  /**
   * Checks every route of the application and fills the route table with those whose `UmaGuard`
   * uses the authorizer of this module. Logs the names of routes without a declaration.
   *
   * @returns empty lists in an application without HTTP
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID, with the name of every handler whose
   *   declaration is invalid
   */
  explore(): ExploredDeclarations {
    rejectIssues(unusedDeclarationIssues(this.modules, UMA_FAMILY.marks));
    const { modules, config, adapterHost } = this;
    const routes = guardedRoutes({ modules, config, adapterHost }, UMA_FAMILY);
    rejectIssues(routeIssues(routes));
    const own = routes.filter(({ guards }) => guards.includes(this.access));
    rejectIssues(own.flatMap((route) => modeIssues(route, this.options)));
    rejectIssues(sharedFunctionIssues(own, (route) => this.accessOf(route), haveCommonTemplate));
    const all = own.flatMap((route) => this.addToTable(route));
    const { declarations, issues } = mergeDeclarations(all.filter(isRegistered));
    rejectIssues(issues);
    this.warnUndeclared(own);
    return { registered: declarations, all };
  }

  private warnUndeclared(routes: readonly GuardedRoute<UmaAuthorizer>[]): void {
    const undeclared = routes.filter((route) => this.accessOf(route) === undefined);
    if (undeclared.length === 0) return;
    const names = [...new Set(undeclared.map(({ name }) => name))];
    new Logger(logContext('UmaGuard', this.options)).warn(
      `Denied, because they have neither @UmaProtected nor @UmaPublic: ${names.join(', ')}.`,
    );
  }

  /** Access by `UmaGuard`, which leaves a route without a declaration to the guard that protects it. */
  private accessOf(route: GuardedRoute<UmaAuthorizer>): HandlerAccess {
    const isElsewhere = this.guards.isProtectedByOther(UMA_FAMILY.marks, route);
    return accessOf(route) ?? (isElsewhere ? 'public' : undefined);
  }

  private addToTable(route: GuardedRoute<UmaAuthorizer>): UmaDeclaration[] {
    const access = this.accessOf(route);
    if (access === undefined) return [];
    const { controller, name: handler } = route;
    const isPublic = access === 'public';
    return route.templates.flatMap((template) => {
      const levels = isPublic
        ? []
        : declarationsOf(route, access, { template, mode: this.options.uma.mode });
      const required = requiredByMethod(levels);
      for (const callback of route.callbacks) {
        this.table.add({ controller, callback, template }, { handler, isPublic, required });
      }
      return levels.flat();
    });
  }
}
