import { createHash } from 'node:crypto';
import type { OperationContext } from '../context/operation-context.js';
import { OperationError } from '../requests/operation-error.js';

/** Record of a login while the user is at the provider. */
export interface PendingLogin {
  /** Site that started the login. */
  readonly oxd_id: string;
  /** PKCE verifier (RFC 7636 §4.1). */
  readonly verifier: string;
  readonly nonce: string;
  readonly redirect_uri: string;
  /** Time before the login within which the user must have authenticated, in seconds. */
  readonly max_age?: number;
  /** Start of the login, in milliseconds since 1970; decides when the login expires. */
  readonly issuedAt: number;
}

/** Time that the record outlives the state, so that an expired state is not reported as unknown. */
const GRACE = 600_000;

/**
 * Stores a login under its state.
 *
 * @throws {OperationError} `bad_request` if the state is in use
 */
export async function storeLogin(
  { store, engine }: OperationContext,
  state: string,
  login: Omit<PendingLogin, 'issuedAt'>,
): Promise<void> {
  const key = loginKey(state);
  if ((await store.get(key)) !== undefined) {
    throw new OperationError('bad_request', 'state: is in use by another login.');
  }
  const record: PendingLogin = { ...login, issuedAt: engine.clock() };
  await store.set(key, record, engine.options.stateLifetime + GRACE);
}

/**
 * Returns the login of a state, and keeps it in the store.
 *
 * @throws {OperationError} `bad_request` if the login is missing, expired, or of another site
 */
export async function findLogin(
  { store, engine }: OperationContext,
  state: string,
  oxd_id: string,
): Promise<PendingLogin> {
  const login = (await store.get(loginKey(state))) as PendingLogin | undefined;
  if (login?.oxd_id !== oxd_id) {
    throw new OperationError('bad_request', 'state: is unknown or was already used. Log in again.');
  }
  if (engine.clock() >= login.issuedAt + engine.options.stateLifetime) {
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

/** Hashes the state, which is a secret: keys of a store may be visible where its values are not. */
function loginKey(state: string): string {
  return `authorization:${createHash('sha256').update(state).digest('base64url')}`;
}
