import { isNeed, type SandboxNeed } from './policy.js';
import type { Permission } from './tickets.js';

/** Decision of a policy on one permission. */
export type PolicyResult =
  | { readonly outcome: 'granted' | 'submitted'; readonly permission: Permission }
  | { readonly outcome: 'need'; readonly need: SandboxNeed }
  | { readonly outcome: 'denied' };

const DENIED: PolicyResult = { outcome: 'denied' };

/**
 * Validates the return value of a policy. Policies are code of the application, so the value may be
 * anything; an invalid value denies access.
 *
 * @param approved decision of the resource owner, if the policy submits the request to the owner
 */
export function toPolicyResult(
  decision: unknown,
  permission: Permission,
  approved?: boolean,
): PolicyResult {
  if (decision === 'grant') return { outcome: 'granted', permission };
  if (decision === 'submit') return ownerResult(permission, approved);
  if (typeof decision !== 'object' || decision === null) return DENIED;
  if ('need' in decision) return needResult(decision.need);
  return 'grant' in decision ? partialGrant(permission, decision.grant) : DENIED;
}

function ownerResult(permission: Permission, approved?: boolean): PolicyResult {
  if (approved === undefined) return { outcome: 'submitted', permission };
  return approved ? { outcome: 'granted', permission } : DENIED;
}

function needResult(need: unknown): PolicyResult {
  return isNeed(need) ? { outcome: 'need', need } : DENIED;
}

function partialGrant({ resource_id, resource_scopes }: Permission, grant: unknown): PolicyResult {
  if (!Array.isArray(grant)) return DENIED;
  const granted = resource_scopes.filter((scope) => grant.includes(scope));
  if (granted.length === 0) return DENIED;
  return { outcome: 'granted', permission: { resource_id, resource_scopes: granted } };
}
