import { Injectable, type ExecutionContext } from '@nestjs/common';
import { RETRY_DELAY } from '../../http/denial.js';
import { OxdClock } from '../../base/clock.js';
import { untilAborted } from '../../base/until-aborted.js';
import type { UmaRsCheckAccessParams } from '../../commands/uma.js';
import { OxdOptions } from '../../options/oxd.options.js';
import { CheckTimeoutError, type CheckTimeLimit } from '../../routes/check-timeout.js';
import { isRegistered, type UmaDeclaration } from '../declarations/declaration.js';
import { ResourceSynchronizer } from '../resources/resource-synchronizer.js';
import { declaredValues, InvalidValueError } from './declared-values.js';
import { resourcePath, type RouteParams } from './resource-path.js';
import { forbidden, unavailable, type DeniedCheck } from './uma-decision.js';

/** Parts of a request that name its resource. */
export interface SubjectRequest {
  readonly params: RouteParams;
  readonly context: ExecutionContext;
  readonly limit: CheckTimeLimit;
}

/** Parameters of a check that name the resource, with its scopes and pushed claims. */
export type CheckSubject = Pick<
  UmaRsCheckAccessParams,
  'path' | 'http_method' | 'resource' | 'scopes' | 'claims'
>;

/** Names the resource of a request by its declaration: by path, name, id or a function. */
@Injectable()
export class CheckSubjects {
  constructor(
    private readonly synchronizer: ResourceSynchronizer,
    private readonly options: OxdOptions,
    private readonly clock: OxdClock,
  ) {}

  /**
   * Returns the subject of a check, or a denial. Rejects with an error that a function of the
   * application throws.
   */
  async of(
    declaration: UmaDeclaration,
    request: SubjectRequest,
  ): Promise<CheckSubject | DeniedCheck> {
    const { wait } = this.synchronizer;
    if (wait !== undefined && isRegistered(declaration)) {
      return { denial: unavailable(wait), reason: 'not registered yet' };
    }
    try {
      const found = this.resolve(declaration, request);
      if (!this.callsFunctions(declaration)) return await found;
      return await untilAborted(request.limit.begin().end, found);
    } catch (error) {
      if (error instanceof InvalidValueError) {
        return { denial: forbidden(), reason: error.message };
      }
      if (!(error instanceof CheckTimeoutError)) throw error;
      const reason = `a function of @UmaProtected or uma.paths: ${error.message}`;
      return { denial: unavailable(RETRY_DELAY), reason };
    }
  }

  private callsFunctions({ resource, claims }: UmaDeclaration): boolean {
    return Boolean(claims ?? this.options.uma.paths) || typeof resource === 'function';
  }

  private async resolve(
    declaration: UmaDeclaration,
    { params, context }: SubjectRequest,
  ): Promise<CheckSubject> {
    const { scopes, http_method } = declaration;
    const values = await declaredValues(declaration, context, this.clock);
    if (values.resource !== undefined) return scopes ? { scopes, ...values } : values;
    const { paths } = this.options.uma;
    const { clock } = this;
    const path = paths
      ? await resourcePath(declaration, params, { paths, clock })
      : declaration.path;
    if (path === undefined) throw new InvalidValueError('uma.paths gave no path');
    // The resource that uma.paths names has its own scopes.
    const isDeclared = path === declaration.path && this.synchronizer.takesScopes;
    return { path, http_method, ...(isDeclared && scopes && { scopes }), ...values };
  }
}
