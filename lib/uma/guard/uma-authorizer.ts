import { Injectable, Logger } from '@nestjs/common';
import { OxdClock } from '../../base/clock.js';
import { logContext } from '../../options/log-context.js';
import { OxdOptions } from '../../options/oxd.options.js';
import { MAX_RPT_LENGTH } from '../../base/uma-tokens.js';
import { checkLimit, withTimeLimit } from './check-timeout.js';
import { effectiveMethod, labelOf, type UmaDeclaration } from '../declarations/declaration.js';
import { mergeGrants, type RptContext } from './rpt-context.js';
import { DenialLog } from './denial-log.js';
import { ResourceCheck, type AuthorizationInput } from './resource-check.js';
import type { RouteParams } from './resource-path.js';
import { CredentialError, checkedToken, isTooLong } from '../../http/bearer-token.js';
import { forbidden, invalidCredentials, type UmaDecision, type UmaDenial } from './uma-decision.js';
import {
  UmaRouteTable,
  type DeclaredRoute,
  type MatchedRoute,
} from '../declarations/route-table.js';

/** A request as far as access depends on it: its URL is no part of it. */
export interface AccessRequest {
  /** The handler, as `AlbumsController.find`. */
  readonly handler: string;
  readonly route: MatchedRoute;
  /** HTTP method of the request. */
  readonly method: string;
  readonly params: RouteParams;
  /** Reads the RPT; is not called for public routes. */
  readonly rpt: () => string | undefined | Promise<string | undefined>;
}

/** Decides on requests; what becomes of a decision is for the guard. */
@Injectable()
export class UmaAuthorizer {
  /** The module, as messages name it. */
  readonly module: string;
  private readonly log: DenialLog;
  private readonly limit: number;

  constructor(
    private readonly routes: UmaRouteTable,
    private readonly resources: ResourceCheck,
    options: OxdOptions,
    private readonly clock: OxdClock,
  ) {
    this.module = `OxdModule "${options.name}"`;
    this.limit = checkLimit(options);
    this.log = new DenialLog(new Logger(logContext('UmaGuard', options)), clock);
  }

  /** Decides on a request. Rejects with what `uma.paths` or `extractRpt()` throw. */
  async decide(asked: AccessRequest): Promise<UmaDecision> {
    const route = this.routes.find(asked.route);
    if (!route) {
      this.log.once(`${asked.handler} is behind UmaGuard without @UmaProtected or @UmaPublic.`);
      return forbidden();
    }
    if (route.isPublic) return { granted: true };
    const needed = neededFor(route, asked.method);
    if (needed) return this.check(needed, asked);
    this.log.warn(`${route.handler} is not declared for this method: 403 UMA_FORBIDDEN`);
    return forbidden();
  }

  /** Denies a call of another context type, for which no check exists. */
  denyNonHttp(handler: string, type: string): false {
    this.log.once(
      `${handler} is behind UmaGuard, which protects HTTP only, not ${type}: denied. Open it with ` +
        '@UmaPublic() if it needs no protection.',
    );
    return false;
  }

  private async check(
    needed: readonly UmaDeclaration[],
    asked: AccessRequest,
  ): Promise<UmaDecision> {
    const credential = await readCredential(asked);
    if (credential instanceof CredentialError) {
      const { message } = credential;
      return this.refuse(asked.handler, { refusal: invalidCredentials(), reason: message });
    }
    const { limit, clock } = this;
    const rpt = this.usable(credential.rpt, asked);
    const inTime = { milliseconds: limit, late: `no decision in ${limit} ms` };
    return withTimeLimit(inTime, clock, (signal) =>
      this.checkEach(needed, { ...asked, rpt, signal }),
    );
  }

  /** A client whose RPT is too long gets a ticket, so that it can obtain a shorter one. */
  private usable(rpt: string | undefined, { handler }: AccessRequest): string | undefined {
    if (rpt === undefined || !isTooLong(rpt)) return rpt;
    this.log.warn(`${handler}: ignored an RPT of more than ${MAX_RPT_LENGTH} characters`);
    return undefined;
  }

  private async checkEach(
    needed: readonly UmaDeclaration[],
    request: AuthorizationInput,
  ): Promise<UmaDecision> {
    const grants: RptContext[] = [];
    for (const declaration of needed) {
      const outcome = await this.resources.check(declaration, request);
      if (!('grant' in outcome)) {
        return this.refuse(`${declaration.handler}, ${labelOf(declaration)}`, outcome);
      }
      grants.push(outcome.grant);
    }
    return { granted: true, ...mergeGrants(grants) };
  }

  private refuse(
    what: string,
    { refusal, reason }: { refusal: UmaDenial; reason: string },
  ): UmaDenial {
    const message = `${what}: ${refusal.status} ${refusal.error}, ${reason}`;
    if (refusal.status === 401) this.log.expected(message);
    else this.log.warn(message);
    return refusal;
  }
}

/** The declarations that must all grant; undefined where a level has none for the method. */
function neededFor({ levels }: DeclaredRoute, method: string): UmaDeclaration[] | undefined {
  const verb = effectiveMethod(method);
  const each = levels.map((level) => level.filter(({ http_method }) => http_method === verb));
  return each.length > 0 && each.every((level) => level.length > 0)
    ? distinct(each.flat())
    : undefined;
}

function distinct(declarations: readonly UmaDeclaration[]): UmaDeclaration[] {
  return [...new Map(declarations.map((one) => [labelOf(one), one])).values()];
}

async function readCredential({
  rpt,
}: AccessRequest): Promise<{ rpt: string | undefined } | CredentialError> {
  try {
    const token = await rpt();
    return { rpt: token ? checkedToken(token) : undefined };
  } catch (error) {
    if (error instanceof CredentialError) return error;
    throw error;
  }
}
