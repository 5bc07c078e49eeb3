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
import { verdictOf, type PolicyResult } from './policy-result.js';

/** What is to be decided. */
export interface AssessmentInput {
  readonly client: string;
  readonly resourceServer: string;
  readonly permissions: readonly Permission[];
  /** The requesting party, where it is known. */
  readonly party?: string;
  readonly answers: Readonly<Record<string, string>>;
  /** Id of what was submitted to the owner. */
  readonly submission?: string;
}

/** What it comes to (UMA 2.0 Grant §3.3.4). */
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
  /** Takes what is wrong with a policy. */
  readonly say: (line: string) => void;
}

/** Asks the policies, and makes one answer of theirs. */
export class Assessor {
  constructor(private readonly options: AssessorOptions) {}

  /**
   * Something missing comes first, then what is up to the owner; else what is granted is granted,
   * even where it is not all.
   *
   * @throws {OAuthError} `invalid_grant` when a resource or a scope is gone
   */
  async assess(asked: AssessmentInput): Promise<Assessment> {
    const verdicts = await Promise.all(asked.permissions.map((one) => this.judge(asked, one)));
    const needs = verdicts.flatMap((one) => (one.is === 'need' ? [one.need] : []));
    if (needs.length > 0) return { outcome: 'need', need: merged(needs) };
    const all = (is: PolicyResult['is']) =>
      verdicts.flatMap((one) => ('permission' in one && one.is === is ? [one.permission] : []));
    const submitted = all('submitted');
    if (submitted.length > 0) return { outcome: 'submitted', permissions: submitted };
    const permissions = all('granted');
    return permissions.length > 0 ? { outcome: 'granted', permissions } : { outcome: 'denied' };
  }

  private async judge(asked: AssessmentInput, permission: Permission): Promise<PolicyResult> {
    const resource = this.resourceOf(asked, permission);
    const approved = this.decisionOn(asked, permission);
    const decision = await this.ask(resource, {
      client_id: asked.client,
      resource: structuredClone(resource),
      scopes: [...permission.resource_scopes],
      claims: this.claimsOf(asked.party),
      answers: { ...asked.answers },
      approved,
    });
    return verdictOf(decision, permission, approved);
  }

  private resourceOf({ resourceServer }: AssessmentInput, permission: Permission): SandboxResource {
    const resource = this.options.resources.find(resourceServer, permission.resource_id);
    if (permission.resource_scopes.every((scope) => resource?.resource_scopes.includes(scope))) {
      if (resource) return resource;
    }
    throw new OAuthError(400, 'invalid_grant', 'The resource is not what it was.');
  }

  private decisionOn(asked: AssessmentInput, permission: Permission): boolean | undefined {
    const { client, resourceServer, party, submission } = asked;
    if (submission === undefined) return undefined;
    const on = { client, resourceServer, party, permissions: [permission] };
    return this.options.submissions.decision(submission, on);
  }

  private claimsOf(party?: string): SandboxClaims | undefined {
    const user = this.options.users.find(({ claims }) => claims.sub === party);
    return user && { ...user.claims };
  }

  private async ask(
    resource: SandboxResource,
    request: SandboxPolicyRequest,
  ): Promise<SandboxDecision> {
    try {
      return await policyFor(this.options.policies, resource)(request);
    } catch (error) {
      const why = error instanceof Error ? error.message : 'it threw what is no Error';
      this.options.say(`A policy of the sandbox failed, which denies: ${printable(why)}`);
      return 'deny';
    }
  }
}

function merged(needs: readonly SandboxNeed[]): Required<SandboxNeed> {
  const questions = new Map(
    needs.flatMap((one) => one.questions ?? []).map((one) => [one.name, one]),
  );
  return { identity: needs.some(({ identity }) => identity), questions: [...questions.values()] };
}
