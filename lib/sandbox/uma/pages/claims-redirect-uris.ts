import type { ProviderClient } from '../../provider/oidc-provider.js';

/** The member of a registration, as UMA 2.0 Grant §2 and as Gluu spells it. */
export const CLAIMS_REDIRECT_URIS = ['claims_redirect_uris', 'claims_redirect_uri'] as const;

/** Where claims gathering may come back to. */
export function claimsRedirectUris(client: ProviderClient): readonly string[] {
  return CLAIMS_REDIRECT_URIS.flatMap((name) => client[name] ?? []);
}

/** What is wrong with one of {@link CLAIMS_REDIRECT_URIS} in a registration. */
export function claimsRedirectUriProblem(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every(isRedirectUri)) return undefined;
  return `${name} must be an array of absolute http or https URLs without a fragment`;
}

function isRedirectUri(uri: unknown): boolean {
  if (typeof uri !== 'string' || uri.includes('#') || !URL.canParse(uri)) return false;
  return ['http:', 'https:'].includes(new URL(uri).protocol);
}
