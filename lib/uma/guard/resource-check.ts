import { Injectable } from '@nestjs/common';
import { OxdClock } from '../../base/clock.js';
import type { UmaRsCheckAccessResult } from '../../commands/uma.js';
import { OxdCommandError, OxdError, printable } from '../../base/errors.js';
import { OxdOptions, isTransport } from '../../options/oxd.options.js';
import { untilAborted } from '../../base/until-aborted.js';
import { challengeOf } from './denial-challenge.js';
import { CheckTimeoutError } from './check-timeout.js';
import type { UmaDeclaration } from '../declarations/declaration.js';
import type { RptContext } from './rpt-context.js';
import { resourcePath, type RouteParams } from './resource-path.js';
import {
  forbidden,
  permissionRequired,
  serverUnreachable,
  unavailable,
  type UmaDenial,
} from './uma-decision.js';
import { ResourceSynchronizer } from '../resources/resource-synchronizer.js';
import { UmaService } from '../uma.service.js';

/** A request as far as the check of a resource needs it. */
export interface AuthorizationInput {
  readonly rpt: string | undefined;
  readonly params: RouteParams;
  /** Ends the check of the whole request with a `CheckTimeoutError`. */
  readonly signal: AbortSignal;
}

/** What came of the check of one resource; `reason` is for the log. */
export type CheckOutcome =
  { readonly grant: RptContext } | { readonly refusal: UmaDenial; readonly reason: string };

/** Milliseconds to come back after, where what failed does not say. */
const PAUSE = 5_000;

/** Asks whether a request may have one declared resource. */
@Injectable()
export class ResourceCheck {
  private readonly realm: string;
  private readonly isEmbedded: boolean;

  constructor(
    private readonly uma: UmaService,
    private readonly protection: ResourceSynchronizer,
    private readonly options: OxdOptions,
    private readonly clock: OxdClock,
  ) {
    const { site, transport } = options;
    this.realm = new URL(site.authorization_redirect_uri).host;
    this.isEmbedded = !isTransport(transport) && transport.type === 'embedded';
  }

  /** Never grants because something failed. Rejects with what `uma.paths` throws. */
  async check(declaration: UmaDeclaration, request: AuthorizationInput): Promise<CheckOutcome> {
    const { wait } = this.protection;
    if (wait !== undefined) return { refusal: unavailable(wait), reason: 'not registered yet' };
    try {
      const path = await untilAborted(request.signal, this.pathOf(declaration, request.params));
      if (path === undefined) return { refusal: forbidden(), reason: 'uma.paths gave no path' };
      return await this.ask(declaration, path, request);
    } catch (error) {
      if (!(error instanceof CheckTimeoutError)) throw error;
      return { refusal: unavailable(PAUSE), reason: `uma.paths: ${error.message}` };
    }
  }

  private pathOf(declaration: UmaDeclaration, params: RouteParams): Promise<string | undefined> {
    const { paths } = this.options.uma;
    return resourcePath(declaration, params, { paths, clock: this.clock });
  }

  private async ask(
    declaration: UmaDeclaration,
    path: string,
    { rpt, signal }: AuthorizationInput,
  ): Promise<CheckOutcome> {
    const { revision: edition } = this.protection;
    const { http_method } = declaration;
    const scopes = path === declaration.path ? this.ownScopes(declaration) : undefined;
    try {
      const params = { path, http_method, ...(rpt !== undefined && { rpt }), ...scopes };
      // A transport of the application's own may not listen to the signal.
      const result = await untilAborted(signal, this.uma.checkAccess(params, { signal }));
      return this.read(result, rpt);
    } catch (error) {
      if (!isUnprotected(error)) return this.failed(error);
      if (path !== declaration.path) {
        return { refusal: forbidden(), reason: 'what uma.paths named is not protected' };
      }
      const wait = this.protection.restore(edition);
      return { refusal: unavailable(wait), reason: 'is not registered' };
    }
  }

  /** Another version of the application may have registered others, while one replaces the other. */
  private ownScopes({ scopes, ticketScopes }: UmaDeclaration) {
    return scopes && !ticketScopes && this.protection.takesScopes ? { scopes } : undefined;
  }

  private read(result: UmaRsCheckAccessResult, rpt: string | undefined): CheckOutcome {
    if (result.access === 'granted' && rpt !== undefined) return { grant: rptContextOf(result) };
    if (result.access !== 'denied') {
      return { refusal: serverUnreachable(), reason: 'the answer is neither granted nor denied' };
    }
    const { realm } = this;
    const challenge = challengeOf(result, { realm, op_host: this.options.site.op_host });
    if (challenge) return { refusal: permissionRequired(challenge), reason: 'denied' };
    return { refusal: serverUnreachable(), reason: 'denied without a ticket that can be sent' };
  }

  /** Embedded has hardly anything to wait for but the authorization server. */
  private failed(error: unknown): CheckOutcome {
    const isOfServer =
      error instanceof OxdCommandError || (this.isEmbedded && error instanceof CheckTimeoutError);
    const refusal = isOfServer ? serverUnreachable() : unavailable(PAUSE);
    return { refusal, reason: reasonOf(error) };
  }
}

function isUnprotected(error: unknown): boolean {
  return error instanceof OxdCommandError && error.error === 'invalid_request';
}

function rptContextOf({ permissions, sub }: UmaRsCheckAccessResult): RptContext {
  return { ...(Array.isArray(permissions) && { permissions }), ...(sub && { sub }) };
}

function reasonOf(error: unknown): string {
  return error instanceof OxdError
    ? `${error.code}: ${error.message}`
    : printable(error instanceof Error ? error.message : 'unknown reason');
}
