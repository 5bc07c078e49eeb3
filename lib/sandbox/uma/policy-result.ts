import { isNeed, type SandboxNeed } from './policy.js';
import type { Permission } from './tickets.js';

/** What a policy said about one permission. */
export type PolicyResult =
  | { readonly is: 'granted' | 'submitted'; readonly permission: Permission }
  | { readonly is: 'need'; readonly need: SandboxNeed }
  | { readonly is: 'denied' };

const DENIED: PolicyResult = { is: 'denied' };

/**
 * Reads the answer of a policy: code of the user, it may be anything, and what is not understood
 * denies.
 *
 * @param approved what the owner decided, where the policy leaves it to the owner
 */
export function verdictOf(
  decision: unknown,
  permission: Permission,
  approved?: boolean,
): PolicyResult {
  if (decision === 'grant') return { is: 'granted', permission };
  if (decision === 'submit') return ofOwner(permission, approved);
  if (typeof decision !== 'object' || decision === null) return DENIED;
  if ('need' in decision) return ofNeed(decision.need);
  return 'grant' in decision ? partOf(permission, decision.grant) : DENIED;
}

function ofOwner(permission: Permission, approved?: boolean): PolicyResult {
  if (approved === undefined) return { is: 'submitted', permission };
  return approved ? { is: 'granted', permission } : DENIED;
}

function ofNeed(need: unknown): PolicyResult {
  return isNeed(need) ? { is: 'need', need } : DENIED;
}

function partOf({ resource_id, resource_scopes }: Permission, grant: unknown): PolicyResult {
  if (!Array.isArray(grant)) return DENIED;
  const granted = resource_scopes.filter((scope) => grant.includes(scope));
  if (granted.length === 0) return DENIED;
  return { is: 'granted', permission: { resource_id, resource_scopes: granted } };
}
