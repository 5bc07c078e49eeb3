import type { ProviderClient } from '../../provider/oidc-provider.js';

/** Parameter of a registration, in the spellings of UMA 2.0 Grant §2 and of Gluu. */
export const CLAIMS_REDIRECT_URIS = ['claims_redirect_uris', 'claims_redirect_uri'] as const;

/** Registered redirect URIs of claims gathering. */
export function claimsRedirectUris(client: ProviderClient): readonly string[] {
  return CLAIMS_REDIRECT_URIS.flatMap((name) => client[name] ?? []);
}

/** Problem with one of {@link CLAIMS_REDIRECT_URIS} in a registration; undefined when valid. */
export function claimsRedirectUriProblem(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every(isRedirectUri)) return undefined;
  return `${name} must be an array of absolute http or https URLs without a fragment`;
}

function isRedirectUri(uri: unknown): boolean {
  if (typeof uri !== 'string' || uri.includes('#') || !URL.canParse(uri)) return false;
  return ['http:', 'https:'].includes(new URL(uri).protocol);
}
