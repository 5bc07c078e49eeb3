import { Injectable } from '@nestjs/common';
import { OxdClock } from '../../base/clock.js';
import type { UmaRsCheckAccessResult } from '../../commands/uma.js';
import { OxdCommandError, OxdError, printable } from '../../base/errors.js';
import { OxdOptions, isTransport } from '../../options/oxd.options.js';
import { untilAborted } from '../../base/until-aborted.js';
import { resourceMetadataOf } from '../../http/bearer-challenge.js';
import { challengeOf, type ChallengeSource } from './denial-challenge.js';
import { CheckTimeoutError, type CheckTimeLimit } from '../../routes/check-timeout.js';
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

/** Parts of a request that the check of a resource needs. */
export interface AuthorizationInput {
  readonly rpt: string | undefined;
  readonly params: RouteParams;
  /** Time limit of the request, which all its checks share. */
  readonly limit: CheckTimeLimit;
}

/** Result of the check of one resource; `reason` is for the log. */
export type CheckOutcome =
  { readonly rptContext: RptContext } | { readonly denial: UmaDenial; readonly reason: string };

/** `Retry-After` after a failure that specifies none, in milliseconds. */
const RETRY_DELAY = 5_000;

/** Error code for an RPT that covers the resource, but whose user is not known yet. */
const UNKNOWN_KEY = 'key_id_not_found';

/** Checks whether the RPT of a request covers one declared resource. */
@Injectable()
export class ResourceCheck {
  private readonly challengeSource: ChallengeSource;
  private readonly isEmbedded: boolean;
  private readonly isCustom: boolean;

  constructor(
    private readonly uma: UmaService,
    private readonly synchronizer: ResourceSynchronizer,
    private readonly options: OxdOptions,
    private readonly clock: OxdClock,
  ) {
    const { baseUrl, transport, site } = options;
    this.challengeSource = {
      realm: new URL(baseUrl).host,
      op_host: site.op_host,
      resource_metadata: resourceMetadataOf(options),
    };
    this.isCustom = isTransport(transport);
    this.isEmbedded = !isTransport(transport) && transport.type === 'embedded';
  }

  /**
   * Checks one resource; every failure is a denial. Rejects with an error that `uma.paths` throws.
   */
  async check(declaration: UmaDeclaration, request: AuthorizationInput): Promise<CheckOutcome> {
    const { wait } = this.synchronizer;
    if (wait !== undefined) return { denial: unavailable(wait), reason: 'not registered yet' };
    const { paths } = this.options.uma;
    if (!paths) return this.queryAccess(declaration, declaration.path, request);
    try {
      const resolved = resourcePath(declaration, request.params, { paths, clock: this.clock });
      const path = await untilAborted(request.limit.begin().end, resolved);
      if (path === undefined) return { denial: forbidden(), reason: 'uma.paths gave no path' };
      return await this.queryAccess(declaration, path, request);
    } catch (error) {
      if (!(error instanceof CheckTimeoutError)) throw error;
      return { denial: unavailable(RETRY_DELAY), reason: `uma.paths: ${error.message}` };
    }
  }

  private async queryAccess(
    declaration: UmaDeclaration,
    path: string,
    { rpt, limit }: AuthorizationInput,
  ): Promise<CheckOutcome> {
    const { revision } = this.synchronizer;
    const { http_method } = declaration;
    const scopes = path === declaration.path ? this.declaredScopes(declaration) : undefined;
    try {
      const params = { path, http_method, ...(rpt !== undefined && { rpt }), ...scopes };
      const cached = this.uma.cachedAccess(params);
      if (cached) return this.toOutcome(cached, rpt, declaration);
      const checked = this.uma.checkAccess(params, limit.begin());
      // A custom transport may ignore the signal.
      const result = await (this.isCustom ? untilAborted(limit.end, checked) : checked);
      return this.toOutcome(result, rpt, declaration);
    } catch (error) {
      if (!isUnprotected(error)) return this.failureOutcome(error);
      if (path !== declaration.path) {
        return { denial: forbidden(), reason: 'what uma.paths named is not protected' };
      }
      const wait = this.synchronizer.restore(revision);
      return { denial: unavailable(wait), reason: 'is not registered' };
    }
  }

  /** Scopes sent along: during a deployment, another version may have registered other scopes. */
  private declaredScopes({ scopes, ticketScopes }: UmaDeclaration) {
    return scopes && !ticketScopes && this.synchronizer.takesScopes ? { scopes } : undefined;
  }

  private toOutcome(
    result: UmaRsCheckAccessResult,
    rpt: string | undefined,
    { scopes }: UmaDeclaration,
  ): CheckOutcome {
    const { access, permissions, sub } = result;
    if (access === 'granted' && rpt !== undefined) {
      const isListed = Array.isArray(permissions);
      return { rptContext: { ...(isListed && { permissions }), ...(sub && { sub }) } };
    }
    if (access !== 'denied') {
      return { denial: serverUnreachable(), reason: 'the result is neither granted nor denied' };
    }
    const challenge = challengeOf(result, { ...this.challengeSource, scopes });
    if (challenge) return { denial: permissionRequired(challenge), reason: 'denied' };
    return { denial: serverUnreachable(), reason: 'denied without a valid ticket' };
  }

  /** A timeout on embedded is attributed to the authorization server, its only slow dependency. */
  private failureOutcome(error: unknown): CheckOutcome {
    const isServerFailure =
      (error instanceof OxdCommandError && error.error !== UNKNOWN_KEY) ||
      (this.isEmbedded && error instanceof CheckTimeoutError);
    const denial = isServerFailure ? serverUnreachable() : unavailable(RETRY_DELAY);
    return { denial, reason: reasonOf(error) };
  }
}

function isUnprotected(error: unknown): boolean {
  return error instanceof OxdCommandError && error.error === 'invalid_request';
}

function reasonOf(error: unknown): string {
  return error instanceof OxdError
    ? `${error.code}: ${error.message}`
    : printable(error instanceof Error ? error.message : 'unknown reason');
}
