import { generateKeyPair, randomBytes, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';
import type { OxdStore } from '../../store/oxd-store.js';

/** What the sandbox signs with. */
export interface SandboxKeys {
  /** Private keys that sign id_tokens. */
  readonly jwks: { readonly keys: readonly JsonWebKey[] };
  /** Keys that sign cookies. */
  readonly cookies: readonly string[];
}

const generate = promisify(generateKeyPair);

/** The keys of an earlier start, so that its id_tokens stay valid, or new ones. */
export async function openKeys(store: OxdStore): Promise<SandboxKeys> {
  const kept = await store.get('keys');
  if (kept) return kept as SandboxKeys;
  const pairs = await Promise.all([
    generate('rsa', { modulusLength: 2048 }),
    generate('ec', { namedCurve: 'P-256' }),
  ]);
  const keys = pairs.map(({ privateKey }) => ({
    ...privateKey.export({ format: 'jwk' }),
    use: 'sig',
  }));
  const made: SandboxKeys = { jwks: { keys }, cookies: [randomBytes(32).toString('base64url')] };
  await store.set('keys', made);
  return made;
}
