import type { createRemoteJWKSet, CryptoKey, JWTVerifyGetKey } from 'jose';

/** Finds the public key of a provider for a JWT, as `jwtVerify()` of jose calls it. */
export type ProviderKeys = JWTVerifyGetKey & {
  /** Requests the keys. Only before the first use, because keys that were found are retained. */
  readonly reload: () => Promise<void>;
};

/**
 * Retains the keys that jose has found, by `alg` and `kid`, to save the search for each token. Only for
 * a set that does not change once it is loaded.
 */
export function withFoundKeys(keys: ReturnType<typeof createRemoteJWKSet>): ProviderKeys {
  const found = new Map<string, CryptoKey>();
  const find: JWTVerifyGetKey = (header, token) => {
    const { alg, kid } = header;
    if (typeof kid !== 'string') return keys(header, token);
    const id = `${alg} ${kid}`;
    const known = found.get(id);
    if (known) return known;
    return keys(header, token).then((key) => {
      found.set(id, key);
      return key;
    });
  };
  return Object.assign(find, { reload: keys.reload });
}
