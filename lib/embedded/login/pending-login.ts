import { createHash } from 'node:crypto';
import { LOGIN_GRACE_PERIOD } from '../../base/limits.js';
import type { GetTokensByCodeParams, LoginSecrets } from '../../commands/oidc.js';
import type { OperationContext } from '../context/operation-context.js';
import { OperationError } from '../requests/operation-error.js';
import { redirectUris, type RegisteredSite } from '../registration/site-record.js';

/** Record of a login while the user is at the provider. */
interface PendingLogin extends LoginSecrets {
  /** Site that started the login. */
  readonly oxd_id: string;
  /** Start of the login, in milliseconds since 1970; decides when the login expires. */
  readonly issuedAt: number;
}

/**
 * Checks that no login uses a state that the caller has chosen.
 *
 * @throws {OperationError} `bad_request` if the state is in use
 */
export async function checkUnused({ store }: OperationContext, state: string): Promise<void> {
  if ((await store.get(loginKey(state))) === undefined) return;
  throw new OperationError('bad_request', 'state: is in use by another login.');
}

/** Stores a login under its state. */
export async function storeLogin(
  { store, runtime }: OperationContext,
  state: string,
  login: Omit<PendingLogin, 'issuedAt'>,
): Promise<void> {
  const record: PendingLogin = { ...login, issuedAt: runtime.clock() };
  await store.set(loginKey(state), record, runtime.options.stateLifetime + LOGIN_GRACE_PERIOD);
}

/**
 * Returns the secrets of a login that the caller has stored itself; undefined if the command has none
 * of them.
 *
 * @throws {OperationError} `bad_request` if the command has only a part of them: a code must not be
 *   exchanged without the check of a nonce that the caller passed
 */
export function givenLogin(
  { code_verifier, nonce, redirect_uri, min_auth_time }: GetTokensByCodeParams,
  { site }: RegisteredSite,
): LoginSecrets | undefined {
  if (code_verifier?.trim() && nonce?.trim()) {
    const registered = redirect_uri ?? redirectUris(site)[0] ?? '';
    return { code_verifier, nonce, redirect_uri: registered, min_auth_time };
  }
  const given = [code_verifier, nonce, redirect_uri, min_auth_time];
  if (given.every((value) => value === undefined)) return undefined;
  throw new OperationError('bad_request', INCOMPLETE);
}

/**
 * Returns the login of a state, and keeps it in the store.
 *
 * @throws {OperationError} `bad_request` if the login is missing, expired, or of another site
 */
export async function findLogin(
  { store, runtime }: OperationContext,
  state: string,
  oxd_id: string,
): Promise<LoginSecrets> {
  const login = (await store.get(loginKey(state))) as PendingLogin | undefined;
  if (login?.oxd_id !== oxd_id) {
    throw new OperationError('bad_request', 'state: is unknown or was already used. Log in again.');
  }
  if (runtime.clock() >= login.issuedAt + runtime.options.stateLifetime) {
    throw new OperationError('bad_request', 'state: has expired. Log in again.');
  }
  return login;
}

/**
 * Deletes the login of a state, so that the state is used once only.
 *
 * @throws {OperationError} `bad_request` if another call has used the state
 */
export async function consumeLogin({ store }: OperationContext, state: string): Promise<void> {
  if ((await store.delete(loginKey(state))) === true) return;
  throw new OperationError('bad_request', 'state: was already used. Log in again.');
}

const INCOMPLETE =
  'code_verifier, nonce: must be passed together, as get_authorization_url with keep_state: false ' +
  'returned them, or omitted with redirect_uri and min_auth_time.';

/** Hashes the state, which is a secret: keys of a store may be visible where its values are not. */
function loginKey(state: string): string {
  return `authorization:${createHash('sha256').update(state).digest('base64url')}`;
}
