import type { WireRefusal } from './reply.js';

const SECRET = new Set(
  `access_token refresh_token id_token client_secret client_registration_access_token pct state
  ticket`.split(/\s+/),
);
const SECRET_IN_URL = ['state', 'nonce', 'code_challenge'];

/** Tells every secret in the members of a reply. */
export function registerSecrets(data: object, tell: ((value: string) => void) | undefined): void {
  if (!tell) return;
  for (const [name, value] of Object.entries(data)) {
    if (typeof value !== 'string') continue;
    if (SECRET.has(name)) tell(value);
    if (name === 'authorization_url') secretsInUrl(value).forEach(tell);
  }
}

/** Tells the ticket in a refusal of the authorization server, which oxd passes on in two ways. */
export function tellRefused(
  { details, text }: WireRefusal,
  tell: ((value: string) => void) | undefined,
): void {
  const [ticket] = /(?<="ticket"\s*:\s*")[^"]+/.exec(text) ?? [];
  registerSecrets({ ...(ticket !== undefined && { ticket }) }, tell);
  registerSecrets(details ?? {}, tell);
}

function secretsInUrl(url: string): string[] {
  const { searchParams } = new URL(url);
  return SECRET_IN_URL.map((name) => searchParams.get(name) ?? '').filter((value) => value !== '');
}
