import { isJsonObject } from '../../base/json.js';
import { ExactReply } from './exact-reply.js';
import type { CommandFailure } from './reply.js';

const SECRET = new Set(
  `access_token refresh_token id_token client_secret client_registration_access_token pct state
  ticket`.split(/\s+/),
);
const SECRET_IN_URL = ['state', 'nonce', 'code_challenge'];

/** Passes every secret in the data of a reply to the callback. */
export function registerSecrets(
  data: object,
  onSecret: ((value: string) => void) | undefined,
): void {
  if (!onSecret) return;
  if (data instanceof ExactReply) return registerFailureSecrets(data, onSecret);
  if ('node' in data && isJsonObject(data.node)) registerSecrets(data.node, onSecret);
  for (const [name, value] of Object.entries(data)) {
    if (typeof value !== 'string') continue;
    if (SECRET.has(name)) onSecret(value);
    if (name === 'authorization_url') secretsInUrl(value).forEach(onSecret);
  }
}

/**
 * Passes the permission ticket of an error response of the authorization server to the callback. oxd
 * returns the ticket in the description or in the details.
 */
export function registerFailureSecrets(
  failure: CommandFailure,
  onSecret: ((value: string) => void) | undefined,
): void {
  const { details } = failure;
  const text = failure instanceof ExactReply ? String(failure.reply.body) : failure.text;
  const [ticket] = /(?<="ticket\\?"\s*:\s*\\?")[^"\\]+/.exec(text) ?? [];
  registerSecrets({ ...(ticket !== undefined && { ticket }) }, onSecret);
  registerSecrets(details ?? {}, onSecret);
}

function secretsInUrl(url: string): string[] {
  const { searchParams } = new URL(url);
  return SECRET_IN_URL.map((name) => searchParams.get(name) ?? '').filter((value) => value !== '');
}
