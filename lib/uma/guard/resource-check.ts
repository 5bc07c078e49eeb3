import { Injectable, type ExecutionContext } from '@nestjs/common';
import { OxdClock } from '../../base/clock.js';
import type { UmaRsCheckAccessParams, UmaRsCheckAccessResult } from '../../commands/uma.js';
import { OxdCommandError } from '../../base/errors.js';
import { OxdOptions, isTransport, type UmaPathResolver } from '../../options/oxd.options.js';
import { untilAborted } from '../../base/until-aborted.js';
import { RETRY_DELAY } from '../../http/denial.js';
import { failureReason } from '../../base/failure-reason.js';
import { challengeParts } from '../../http/bearer-challenge.js';
import { challengeOf, type ChallengeSource } from './denial-challenge.js';
import { CheckTimeoutError, type CheckTimeLimit } from '../../routes/check-timeout.js';
import type { UmaDeclaration } from '../declarations/declaration.js';
import { CheckSubjects } from './check-subjects.js';
import { NamedFailures } from './named-failures.js';
import type { RptContext } from './rpt-context.js';
import { resourcePath, type RouteParams } from './resource-path.js';
import {
  forbidden,
  permissionRequired,
  serverUnreachable,
  unavailable,
  type DeniedCheck,
} from './uma-decision.js';
import { ResourceSynchronizer } from '../resources/resource-synchronizer.js';
import { UmaService } from '../uma.service.js';

/** Parts of a request that the check of a resource needs. */
export interface AuthorizationInput {
  readonly rpt: string | undefined;
  readonly params: RouteParams;
  readonly context: ExecutionContext;
  /** Time limit of the request, which all its checks share. */
  readonly limit: CheckTimeLimit;
}

/** Result of the check of one resource; `reason` is for the log. */
export type CheckOutcome = { readonly rptContext: RptContext } | DeniedCheck;

/** Parameters of a check. */
type Checked = { -readonly [name in keyof UmaRsCheckAccessParams]: UmaRsCheckAccessParams[name] };

/** Error code for an RPT that covers the resource, but whose user is not known yet. */
const UNKNOWN_KEY = 'key_id_not_found';

/** Checks whether the RPT of a request covers one declared resource. */
@Injectable()
export class ResourceCheck {
  private readonly challengeSource: Omit<ChallengeSource, 'scopes'>;
  private readonly isEmbedded: boolean;
  private readonly isCustom: boolean;

  constructor(
    private readonly uma: UmaService,
    private readonly synchronizer: ResourceSynchronizer,
    private readonly options: OxdOptions,
    private readonly clock: OxdClock,
    private readonly subjects: CheckSubjects,
    private readonly failures: NamedFailures,
  ) {
    const { transport, site } = options;
    this.challengeSource = { ...challengeParts(options), op_host: site.op_host };
    this.isCustom = isTransport(transport);
    this.isEmbedded = !isTransport(transport) && transport.type === 'embedded';
  }

  /**
   * Checks one resource; every failure is a denial. A grant from memory needs no promise. Rejects with
   * an error that `uma.paths` throws.
   */
  check(
    declaration: UmaDeclaration,
    request: AuthorizationInput,
  ): CheckOutcome | Promise<CheckOutcome> {
    if (declaration.resource !== undefined) return this.checkAdministered(declaration, request);
    const { wait } = this.synchronizer;
    if (wait !== undefined) return { denial: unavailable(wait), reason: 'not registered yet' };
    const { paths } = this.options.uma;
    return paths
      ? this.checkNamed(paths, declaration, request)
      : this.checkPath(declaration, declaration.path, request);
  }

  /** Checks the resource that `uma.paths` names. */
  private async checkNamed(
    paths: UmaPathResolver,
    declaration: UmaDeclaration,
    request: AuthorizationInput,
  ): Promise<CheckOutcome> {
    try {
      const resolved = resourcePath(declaration, request.params, { paths, clock: this.clock });
      const path = await untilAborted(request.limit.begin().end, resolved);
      if (path === undefined) return { denial: forbidden(), reason: 'uma.paths gave no path' };
      return await this.checkPath(declaration, path, request);
    } catch (error) {
      if (!(error instanceof CheckTimeoutError)) throw error;
      return { denial: unavailable(RETRY_DELAY), reason: `uma.paths: ${error.message}` };
    }
  }

  /** Checks the resource of an administrator. */
  private async checkAdministered(
    declaration: UmaDeclaration,
    request: AuthorizationInput,
  ): Promise<CheckOutcome> {
    const { rpt, limit } = request;
    const subject = await this.subjects.of(declaration, request);
    if ('denial' in subject) return subject;
    const { revision } = this.synchronizer;
    try {
      const params = rpt === undefined ? subject : { rpt, ...subject };
      const result =
        this.uma.cachedAccess(params) ??
        (await untilAborted(limit.begin().end, this.uma.checkAccess(params, limit.begin())));
      return this.toOutcome(result, rpt, declaration);
    } catch (error) {
      const failed = { error, subject, revision };
      return this.failures.of(declaration, failed) ?? this.failureOutcome(error);
    }
  }

  private checkPath(
    declaration: UmaDeclaration,
    path: string,
    { rpt, limit }: AuthorizationInput,
  ): CheckOutcome | Promise<CheckOutcome> {
    const params: Checked = { path, http_method: declaration.http_method };
    if (rpt !== undefined) params.rpt = rpt;
    const { scopes, ticketScopes } = declaration;
    // During a deployment, another version may have registered other scopes.
    const isSent = path === declaration.path && !ticketScopes && this.synchronizer.takesScopes;
    if (scopes && isSent) params.scopes = scopes;
    try {
      const cached = this.uma.cachedAccess(params);
      return cached
        ? this.toOutcome(cached, rpt, declaration)
        : this.queryAccess(declaration, params, limit);
    } catch (error) {
      return this.failureOutcome(error);
    }
  }

  private queryAccess(
    declaration: UmaDeclaration,
    params: Checked,
    limit: CheckTimeLimit,
  ): Promise<CheckOutcome> {
    const { revision } = this.synchronizer;
    const sent = this.uma.checkAccess(params, limit.begin());
    // A custom transport may ignore the signal.
    const result = this.isCustom ? untilAborted(limit.end, sent) : sent;
    // Handlers instead of an async function, whose suspended frame costs memory per request.
    return result.then(
      (checked) => this.toOutcome(checked, params.rpt, declaration),
      (error: unknown) => {
        if (!isUnprotected(error)) return this.failureOutcome(error);
        if (params.path !== declaration.path) {
          return { denial: forbidden(), reason: 'what uma.paths named is not protected' };
        }
        const wait = this.synchronizer.restore(revision);
        return { denial: unavailable(wait), reason: 'is not registered' };
      },
    );
  }

  private toOutcome(
    result: UmaRsCheckAccessResult,
    rpt: string | undefined,
    { scopes }: UmaDeclaration,
  ): CheckOutcome {
    const { access, permissions, sub } = result;
    if (access === 'granted' && rpt !== undefined) {
      const listed = Array.isArray(permissions) ? permissions : undefined;
      return { rptContext: { permissions: listed, sub: sub || undefined } };
    }
    if (access !== 'denied') {
      return { denial: serverUnreachable(), reason: 'the result is neither granted nor denied' };
    }
    const challenge = challengeOf(result, { scopes, ...this.challengeSource });
    if (challenge) return { denial: permissionRequired(challenge), reason: 'denied' };
    return { denial: serverUnreachable(), reason: 'denied without a valid ticket' };
  }

  /** A timeout on embedded is attributed to the authorization server, its only slow dependency. */
  failureOutcome(error: unknown): DeniedCheck {
    const isServerFailure =
      (error instanceof OxdCommandError && error.error !== UNKNOWN_KEY) ||
      (this.isEmbedded && error instanceof CheckTimeoutError);
    const denial = isServerFailure ? serverUnreachable() : unavailable(RETRY_DELAY);
    return { denial, reason: failureReason(error) };
  }
}

function isUnprotected(error: unknown): boolean {
  return error instanceof OxdCommandError && error.error === 'invalid_request';
}
