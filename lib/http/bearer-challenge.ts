import { challengeHeader } from './challenge-header.js';
import { resourceMetadataUrl } from './resource-metadata-url.js';

/** Parameters of a Bearer challenge; all are optional. */
export interface BearerChallenge {
  /** Error code; none for a request without a token (RFC 6750 §3.1). */
  readonly error?:
    'invalid_request' | 'invalid_token' | 'insufficient_scope' | 'insufficient_user_authentication';
  /** Explanation for the developer of the client, without values of the token. */
  readonly error_description?: string;
  /**
   * Scopes that the request needs. Without `error` sent only with option `bearer.resource`: clients
   * of MCP then request these scopes.
   */
  readonly scope?: string | readonly string[];
  /** Authentication context classes, one of which the login needs (RFC 9470 §3). */
  readonly acr_values?: string | readonly string[];
  /** Maximum age of the login, in seconds (RFC 9470 §3). */
  readonly max_age?: number;
}

/** Options on which a challenge depends. */
export interface ChallengeOptions {
  /** Root of the application; its host is the realm. */
  readonly baseUrl: string;
  /** Option `bearer`. */
  readonly bearer?: {
    /** URL of the API; adds `resource_metadata` (RFC 9728 §5.1). */
    readonly resource?: string;
  };
}

/** Parts that are equal in every challenge of an application. */
export interface ChallengeParts {
  /** Host of the application. */
  readonly realm: string;
  /** URL of the metadata of the API, with option `bearer.resource`. */
  readonly resource_metadata?: string;
}

/** Characters of `error_description`, `scope` and here also of `acr_values` (RFC 6750 §3). */
const ALLOWED = /^[ !#-[\]-~]*$/;

/**
 * Builds the `WWW-Authenticate: Bearer` header of a denial. Omits a parameter with characters that
 * RFC 6750 excludes.
 *
 * @see RFC 6750 §3; RFC 9470 §3; RFC 9728 §5.1
 */
export function bearerChallenge(parts: ChallengeParts, denial: BearerChallenge = {}): string {
  const { error, error_description, scope, acr_values, max_age } = denial;
  const { realm, resource_metadata } = parts;
  const isScopeShown = error !== undefined || resource_metadata !== undefined;
  return challengeHeader('Bearer', {
    realm,
    error,
    error_description: allowed(error_description),
    scope: isScopeShown ? allowed(scope) : undefined,
    acr_values: allowed(acr_values),
    max_age: max_age === undefined ? undefined : String(max_age),
    resource_metadata,
  });
}

/** Returns the parts of the challenges of both guards. */
export function challengeParts({ baseUrl, bearer }: ChallengeOptions): ChallengeParts {
  const { resource } = bearer ?? {};
  return {
    realm: new URL(baseUrl).host,
    ...(resource !== undefined && { resource_metadata: resourceMetadataUrl(resource) }),
  };
}

/** One value or a list with blanks between; undefined if it has other characters. */
function allowed(values: string | readonly string[] = []): string | undefined {
  const text = [values].flat().join(' ');
  return ALLOWED.test(text) ? text : undefined;
}
