import { Injectable } from '@nestjs/common';
import { OxdCommandError } from '../../base/errors.js';
import { RETRY_DELAY } from '../../http/denial.js';
import type { UmaDeclaration } from '../declarations/declaration.js';
import { ResourceSynchronizer } from '../resources/resource-synchronizer.js';
import { ServerProbe } from '../resources/server-probe.js';
import type { CheckSubject } from './check-subjects.js';
import { forbidden, unavailable, type DeniedCheck } from './uma-decision.js';

/** Failed check, and the state before it. */
export interface FailedCheck {
  readonly error: unknown;
  readonly subject: CheckSubject;
  /** See {@link ResourceSynchronizer.revision}. */
  readonly revision: number;
}

/**
 * Denials for a resource or a decision that the authorization server does not have, and the repair in
 * the background.
 */
@Injectable()
export class NamedFailures {
  constructor(
    private readonly synchronizer: ResourceSynchronizer,
    private readonly probe: ServerProbe,
  ) {}

  /** See {@link ResourceSynchronizer.revision}. */
  get revision(): number {
    return this.synchronizer.revision;
  }

  /** Returns undefined for a failure of another kind. */
  of(declaration: UmaDeclaration, failed: FailedCheck): DeniedCheck | undefined {
    const { error } = failed;
    if (!(error instanceof OxdCommandError)) return undefined;
    switch (error.error) {
      case 'unsupported_grant_type':
        return { denial: unavailable(this.probe.restore()), reason: error.message };
      case 'invalid_resource':
      case 'invalid_scope':
        return this.ofNamed(declaration, error);
      case 'invalid_request':
        return this.ofPath(declaration, failed);
      default:
        return undefined;
    }
  }

  /** Clients may choose the names of a function: a missing resource is no fault of the application. */
  private ofNamed({ resource }: UmaDeclaration, error: OxdCommandError): DeniedCheck {
    const { message: reason } = error;
    if (typeof resource === 'string') return { denial: unavailable(this.probe.restore()), reason };
    return error.error === 'invalid_resource'
      ? { denial: forbidden(), reason }
      : { denial: unavailable(RETRY_DELAY), reason };
  }

  private ofPath(
    declaration: UmaDeclaration,
    { subject, revision }: FailedCheck,
  ): DeniedCheck | undefined {
    if (declaration.resource !== undefined) return undefined;
    if (subject.path !== declaration.path) {
      return { denial: forbidden(), reason: 'what uma.paths named is not protected' };
    }
    const wait = this.synchronizer.restore(revision);
    return { denial: unavailable(wait), reason: 'is not registered' };
  }
}
