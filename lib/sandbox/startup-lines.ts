import { DEMO_PASSWORD, DEMO_USERS, type SandboxUser } from './provider/accounts.js';
import { UMA_PATHS } from './uma/metadata.js';
import { DEMO_POLICY, type SandboxPolicies } from './uma/policy.js';

/** What there is to tell about a sandbox. */
export interface Introduced {
  readonly users: readonly SandboxUser[];
  readonly clientsFile: string | false;
  readonly policies: SandboxPolicies;
}

/** The lines that tell how to use a sandbox. */
export function startupLines(
  issuer: string,
  { users, clientsFile, policies }: Introduced,
): string[] {
  const names = users.map(({ username }) => username).join(', ');
  const password = users === DEMO_USERS ? ` (password: ${DEMO_PASSWORD})` : '';
  const kept = clientsFile === false ? 'in memory' : `in ${clientsFile}`;
  return [
    `Sandbox OpenID Provider and UMA 2.0 authorization server: ${issuer}`,
    `  users: ${names}${password}`,
    `  clients: register themselves, kept ${kept} with their resources`,
    `  access: ${rules(policies)}`,
    `  requests for the owner: ${issuer}${UMA_PATHS.requests}, for every user`,
  ];
}

function rules(policies: SandboxPolicies): string {
  if (policies === DEMO_POLICY) {
    return 'whoever is known (an id_token, or a login) may "view", all else is denied';
  }
  if (typeof policies === 'function') return 'as the option "policies" says';
  return `as the option "policies" says for ${Object.keys(policies).join(', ') || 'nothing'}`;
}
