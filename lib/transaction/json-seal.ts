import { hkdfSync } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';

/** Encrypts JSON as JWE `dir` with A256GCM. */
export class JsonSeal {
  readonly #keys: readonly Uint8Array[];
  readonly #maxLength: number;

  /**
   * @param secrets the first secret encrypts, every secret decrypts
   * @param info purpose and owner of the value, part of the key: a value sealed with another `info`
   *   does not decrypt
   * @param maxLength longest value that is decrypted, in characters; default any
   */
  constructor(secrets: readonly string[], info: string, maxLength = Infinity) {
    this.#maxLength = maxLength;
    this.#keys = secrets.map((secret) => new Uint8Array(hkdfSync('sha256', secret, '', info, 32)));
  }

  /** Returns the encrypted JSON of `payload`. */
  seal(payload: object): Promise<string> {
    const [key = new Uint8Array()] = this.#keys;
    return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(key);
  }

  /** Returns the payload of a sealed value, or undefined when it is too long or no key decrypts it. */
  async open(jwe: string): Promise<unknown> {
    if (jwe.length > this.#maxLength) return undefined;
    for (const key of this.#keys) {
      const opened = await compactDecrypt(jwe, key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      }).catch(() => undefined);
      if (opened) return JSON.parse(new TextDecoder().decode(opened.plaintext));
    }
    return undefined;
  }
}
