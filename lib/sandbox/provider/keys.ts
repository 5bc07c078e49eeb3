import { generateKeyPair, randomBytes, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';
import type { OxdStore } from '../../store/oxd-store.js';

/** Signing keys of the sandbox. */
export interface SandboxKeys {
  /** Private keys that sign ID tokens. */
  readonly jwks: { readonly keys: readonly JsonWebKey[] };
  /** Keys that sign cookies. */
  readonly cookies: readonly string[];
}

const generate = promisify(generateKeyPair);

/** Loads the stored keys, so that ID tokens of an earlier start stay valid, or creates new keys. */
export async function openKeys(store: OxdStore): Promise<SandboxKeys> {
  const stored = await store.get('keys');
  if (stored) return stored as SandboxKeys;
  const pairs = await Promise.all([
    generate('rsa', { modulusLength: 2048 }),
    generate('ec', { namedCurve: 'P-256' }),
  ]);
  const keys = pairs.map(({ privateKey }) => ({
    ...privateKey.export({ format: 'jwk' }),
    use: 'sig',
  }));
  const created: SandboxKeys = { jwks: { keys }, cookies: [randomBytes(32).toString('base64url')] };
  await store.set('keys', created);
  return created;
}
