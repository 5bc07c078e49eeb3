import { createHash } from 'node:crypto';
import type { OperationContext } from '../context/operation-context.js';
import { OperationError } from '../requests/operation-error.js';

/** What the engine remembers of a login while the user is at the provider. */
export interface PendingLogin {
  /** The site that began it. */
  readonly oxd_id: string;
  /** PKCE verifier (RFC 7636 §4.1). */
  readonly verifier: string;
  readonly nonce: string;
  readonly redirect_uri: string;
  /** How long before the login the user may have authenticated, in seconds. */
  readonly max_age?: number;
  /** Milliseconds since 1970; it alone decides on expiry. */
  readonly issuedAt: number;
}

/** The record outlives the state by this, in milliseconds: late is told from unknown. */
const GRACE = 600_000;

/**
 * Keeps a login under its state.
 *
 * @throws {OperationError} `bad_request` where the state is in use
 */
export async function keepLogin(
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
 * The login that a state belongs to; it stays.
 *
 * @throws {OperationError} `bad_request` where there is none, it is over, or of another site
 */
export async function findLogin(
  { store, engine }: OperationContext,
  state: string,
  oxd_id: string,
): Promise<PendingLogin> {
  const login = (await store.get(loginKey(state))) as PendingLogin | undefined;
  if (login?.oxd_id !== oxd_id) {
    throw new OperationError(
      'bad_request',
      'state: is not known, or was used already. Log in again.',
    );
  }
  if (engine.clock() >= login.issuedAt + engine.options.stateLifetime) {
    throw new OperationError('bad_request', 'state: has expired. Log in again.');
  }
  return login;
}

/**
 * Uses a state up.
 *
 * @throws {OperationError} `bad_request` where somebody else has
 */
export async function takeLogin({ store }: OperationContext, state: string): Promise<void> {
  if ((await store.delete(loginKey(state))) === true) return;
  throw new OperationError('bad_request', 'state: was used already. Log in again.');
}

/** States are random but secret: the store's keys may be seen by more people than its values. */
function loginKey(state: string): string {
  return `authorization:${createHash('sha256').update(state).digest('base64url')}`;
}
