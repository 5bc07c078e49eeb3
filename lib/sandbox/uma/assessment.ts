import { printable } from '../../base/errors.js';
import type { SandboxClaims, SandboxUser } from '../provider/accounts.js';
import { OAuthError } from './oauth-response.js';
import {
  policyFor,
  type SandboxDecision,
  type SandboxNeed,
  type SandboxPolicies,
  type SandboxPolicyRequest,
  type SandboxResource,
} from './policy.js';
import type { Resources } from './resources.js';
import type { PendingRequests } from './pending-requests.js';
import type { Permission } from './tickets.js';
import { toPolicyResult, type PolicyResult } from './policy-result.js';

/** Access request to be assessed. */
export interface AssessmentInput {
  readonly client: string;
  readonly resourceServer: string;
  readonly permissions: readonly Permission[];
  /** `sub` of the requesting party; undefined when unknown. */
  readonly party?: string;
  readonly answers: Readonly<Record<string, string>>;
  /** Id of the request submitted to the resource owner. */
  readonly submission?: string;
}

/** Result of the authorization assessment (UMA 2.0 Grant §3.3.4). */
export type Assessment =
  | { readonly outcome: 'granted'; readonly permissions: readonly Permission[] }
  | { readonly outcome: 'submitted'; readonly permissions: readonly Permission[] }
  | { readonly outcome: 'need'; readonly need: Required<SandboxNeed> }
  | { readonly outcome: 'denied' };

/** Options of {@link Assessor}. */
export interface AssessorOptions {
  readonly policies: SandboxPolicies;
  readonly users: readonly SandboxUser[];
  readonly resources: Resources;
  readonly submissions: PendingRequests;
  /** Logs failures of policies. */
  readonly log: (line: string) => void;
}

/** Calls the policies and combines their decisions. */
export class Assessor {
  constructor(private readonly options: AssessorOptions) {}

  /**
   * Assesses a request. Missing information takes precedence over a submission to the resource owner,
   * and a submission over a grant. A grant may be partial.
   *
   * @throws {OAuthError} `invalid_grant` when a resource or a scope no longer exists
   */
  async assess(input: AssessmentInput): Promise<Assessment> {
    const results = await Promise.all(input.permissions.map((one) => this.evaluate(input, one)));
    const needs = results.flatMap((one) => (one.outcome === 'need' ? [one.need] : []));
    if (needs.length > 0) return { outcome: 'need', need: mergeNeeds(needs) };
    const permissionsWith = (outcome: PolicyResult['outcome']) =>
      results.flatMap((one) =>
        'permission' in one && one.outcome === outcome ? [one.permission] : [],
      );
    const submitted = permissionsWith('submitted');
    if (submitted.length > 0) return { outcome: 'submitted', permissions: submitted };
    const permissions = permissionsWith('granted');
    return permissions.length > 0 ? { outcome: 'granted', permissions } : { outcome: 'denied' };
  }

  private async evaluate(input: AssessmentInput, permission: Permission): Promise<PolicyResult> {
    const resource = this.resourceOf(input, permission);
    const approved = this.decisionOn(input, permission);
    const decision = await this.callPolicy(resource, {
      client_id: input.client,
      resource: structuredClone(resource),
      scopes: [...permission.resource_scopes],
      claims: this.claimsOf(input.party),
      answers: { ...input.answers },
      approved,
    });
    return toPolicyResult(decision, permission, approved);
  }

  private resourceOf({ resourceServer }: AssessmentInput, permission: Permission): SandboxResource {
    const resource = this.options.resources.find(resourceServer, permission.resource_id);
    if (permission.resource_scopes.every((scope) => resource?.resource_scopes.includes(scope))) {
      if (resource) return resource;
    }
    throw new OAuthError(
      400,
      'invalid_grant',
      'The resource or one of its scopes no longer exists.',
    );
  }

  private decisionOn(input: AssessmentInput, permission: Permission): boolean | undefined {
    const { client, resourceServer, party, submission } = input;
    if (submission === undefined) return undefined;
    const request = { client, resourceServer, party, permissions: [permission] };
    return this.options.submissions.decision(submission, request);
  }

  private claimsOf(party?: string): SandboxClaims | undefined {
    const user = this.options.users.find(({ claims }) => claims.sub === party);
    return user && { ...user.claims };
  }

  private async callPolicy(
    resource: SandboxResource,
    request: SandboxPolicyRequest,
  ): Promise<SandboxDecision> {
    try {
      return await policyFor(this.options.policies, resource)(request);
    } catch (error) {
      const reason =
        error instanceof Error ? error.message : 'it threw a value that is not an Error';
      this.options.log(`Access denied: a policy of the sandbox failed: ${printable(reason)}`);
      return 'deny';
    }
  }
}

function mergeNeeds(needs: readonly SandboxNeed[]): Required<SandboxNeed> {
  const questions = new Map(
    needs.flatMap((one) => one.questions ?? []).map((one) => [one.name, one]),
  );
  return { identity: needs.some(({ identity }) => identity), questions: [...questions.values()] };
}
