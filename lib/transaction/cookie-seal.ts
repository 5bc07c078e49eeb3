import { JsonSeal } from './json-seal.js';

/** Length limit of a cookie, in characters: browsers need not store longer ones (RFC 6265 §6.1). */
const MAX_COOKIE_LENGTH = 4096;

/** Encrypts the value of a cookie. */
export class CookieSeal extends JsonSeal {
  /** Returns the payload of a cookie value, or undefined when it is too long or no key decrypts it. */
  override async open(jwe: string): Promise<unknown> {
    return jwe.length > MAX_COOKIE_LENGTH ? undefined : super.open(jwe);
  }
}
