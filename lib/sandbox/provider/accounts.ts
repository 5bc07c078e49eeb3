/** A user who can log in at the sandbox. */
export interface SandboxUser {
  /** Name to select at the login page. */
  readonly username: string;
  /** Password in plain text: the sandbox protects no real data. */
  readonly password: string;
  /** Claims about the user (OpenID Connect Core §5.1). */
  readonly claims: SandboxClaims;
  /** Roles, in the claim `realm_access.roles` of access tokens as at Keycloak; default none. */
  readonly roles?: readonly string[];
}

/** Claims about a sandbox user, by the names of OpenID Connect Core §5.1. */
export interface SandboxClaims {
  /** Subject identifier of the user. */
  readonly sub: string;
  /** Full name; shown at the login page. */
  readonly name: string;
  readonly [claim: string]: unknown;
}

/** Password of every user in {@link DEMO_USERS}. */
export const DEMO_PASSWORD = 'sandbox';

/** Default users. Their claims cover the values that clients handle wrongly most often. */
export const DEMO_USERS: readonly SandboxUser[] = [
  {
    username: 'zoe',
    password: DEMO_PASSWORD,
    roles: ['editor', 'admin'],
    claims: {
      sub: 'user-zoe',
      name: 'Zoë Nováková',
      given_name: 'Zoë',
      family_name: 'Nováková',
      preferred_username: 'zoe',
      email: 'zoe@example.com',
      email_verified: true,
      locale: 'cs-CZ',
      zoneinfo: 'Europe/Prague',
      updated_at: 1735689600,
    },
  },
  {
    username: 'eleni',
    password: DEMO_PASSWORD,
    roles: ['editor'],
    claims: {
      sub: 'user-eleni',
      name: 'Ελένη Παπαδοπούλου',
      given_name: 'Ελένη',
      family_name: 'Παπαδοπούλου',
      nickname: '𝓔leni',
      preferred_username: 'eleni',
      email: 'eleni@example.com',
      email_verified: false,
      locale: 'el-GR',
      zoneinfo: 'Europe/Athens',
      birthdate: '1990-05-05',
    },
  },
  {
    username: 'amara',
    password: DEMO_PASSWORD,
    claims: {
      sub: 'user-amara',
      name: "Amara Okafor-O'Neill",
      given_name: 'Amara',
      family_name: "Okafor-O'Neill",
      nickname: '<b>Amara</b> & "friends"',
      preferred_username: 'amara',
      website: 'https://amara.example.com/?a=1&b=2',
      email: 'amara+oidc@example.com',
      email_verified: true,
      locale: 'en-NG',
    },
  },
];

/** Returns the user with this name and password; undefined when there is no match. */
export function authenticate(
  users: readonly SandboxUser[],
  username: string,
  password: string,
): SandboxUser | undefined {
  return users.find((user) => user.username === username && user.password === password);
}

/** Account in the format of `oidc-provider`; undefined when the user does not exist. */
export function findAccount(users: readonly SandboxUser[], sub: string) {
  const user = users.find(({ claims }) => claims.sub === sub);
  return user && { accountId: sub, claims: () => Promise.resolve(user.claims) };
}
