import { DEFAULT_SCOPE } from '../site/site-parameters.js';

/**
 * Scopes of the protection API and of oxd. Users must not get them, and strict providers reject
 * them.
 */
const PROTECTION_SCOPES = ['uma_protection', 'oxd'];

/**
 * Returns the scopes to request for a login: those of the call, else those of the site, else
 * `openid`, `profile` and `email`. Adds `openid`; removes `uma_protection` and `oxd`. Without a
 * `scope` parameter oxd requests every registered scope, and the user's token would give access to
 * the protection API.
 *
 * @see OpenID Connect Core §3.1.2.1; UMA 2.0 Federated Authorization §1.3
 */
export function loginScope(
  requested: readonly string[] | undefined,
  registered: readonly string[] | undefined,
): string[] {
  const candidates = [requested, registered].map((scopes = []) =>
    scopes.filter((scope) => !PROTECTION_SCOPES.includes(scope)),
  );
  const scopes = candidates.find(({ length }) => length > 0) ?? [...DEFAULT_SCOPE];
  return scopes.includes('openid') ? scopes : ['openid', ...scopes];
}
