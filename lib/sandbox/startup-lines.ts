import { DEMO_PASSWORD, DEMO_USERS, type SandboxUser } from './provider/accounts.js';
import { UMA_PATHS } from './uma/metadata.js';
import { DEMO_POLICY, type SandboxPolicies } from './uma/policy.js';

/** Settings of a sandbox that are logged at start. */
export interface StartupInfo {
  readonly users: readonly SandboxUser[];
  readonly clientsFile: string | false;
  readonly policies: SandboxPolicies;
  readonly owner?: string;
}

/** Summary of a started sandbox, to be logged line by line. */
export function startupLines(
  issuer: string,
  { users, clientsFile, policies, owner = 'every user is the owner' }: StartupInfo,
): string[] {
  const names = users.map(({ username }) => username).join(', ');
  const password = users === DEMO_USERS ? ` (password: ${DEMO_PASSWORD})` : '';
  const place = clientsFile === false ? 'in memory' : `in ${clientsFile}`;
  return [
    `Sandbox OpenID Provider and UMA 2.0 authorization server: ${issuer}`,
    `  users: ${names}${password}`,
    `  clients: dynamic registration, stored ${place} with their resources`,
    `  access: ${accessRules(policies)}`,
    `  requests submitted to the owner: ${issuer}${UMA_PATHS.requests} (${owner})`,
  ];
}

function accessRules(policies: SandboxPolicies): string {
  if (policies === DEMO_POLICY) {
    return 'users identified by an ID token or a login may "view"; everything else is denied';
  }
  if (typeof policies === 'function') return 'decided by "policies"';
  const names = Object.keys(policies).join(', ') || 'no resource';
  return `decided by "policies" for ${names}; everything else is denied`;
}
