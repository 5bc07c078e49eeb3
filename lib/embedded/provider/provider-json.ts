import { createPublicKey } from 'node:crypto';
import type { ServerMetadata } from 'openid-client';
import { parseJson, objectOf, textOf, stringsOf, type JsonObject } from '../../base/json.js';

/** Grants whose responses may contain an `id_token`; in others the property has no meaning. */
const ID_TOKEN_GRANTS = ['authorization_code', 'refresh_token'];

/** Least length of the modulus of an RSA key, in bits. */
const MIN_RSA_BITS = 2048;

/** Properties of discovery that this package or its libraries read as lists of strings. */
const METADATA_LISTS = [
  ...['scopes_supported', 'grant_types_supported', 'token_endpoint_auth_methods_supported'],
  ...['id_token_signing_alg_values_supported', 'userinfo_signing_alg_values_supported'],
  ...['introspection_signing_alg_values_supported'],
];

/** Request of an OAuth library to a provider. */
export interface LibraryRequest {
  readonly url: string;
  readonly body?: { toString(): string } | null;
  /** URL whose responses are key sets, see {@link usableKeys}. */
  readonly jwks_uri?: string;
}

/**
 * Makes token responses and key sets usable before an OAuth library reads them. In a token response a
 * property that is null counts as omitted, as does an optional property that is empty or of another
 * type, and an `id_token` of a grant without a user.
 *
 * @see RFC 6749 §5.1
 */
export async function usableResponse(
  response: Response,
  { url, body, jwks_uri }: LibraryRequest,
): Promise<Response> {
  const grant = new URLSearchParams(body?.toString()).get('grant_type');
  if (grant !== null) return usableTokens(response, grant);
  // The library requests the URL as the URL parser writes it.
  const isKeySet = jwks_uri !== undefined && url === new URL(jwks_uri).href;
  return isKeySet ? usableKeys(response) : response;
}

/**
 * Removes the entries of a key set that are no usable public key, and RSA keys of less than 2048 bits:
 * for a token that names one of these, jose throws the error of an unavailable key set. A set without a
 * usable key is returned unchanged: the error of the library then names the keys, not the token.
 *
 * @see RFC 7517 §5, RFC 7518 §3.3
 */
export async function usableKeys(response: Response): Promise<Response> {
  const keys = (await bodyOf(response))?.keys;
  if (!Array.isArray(keys)) return response;
  const usable = keys.map(objectOf).filter((key) => key !== undefined && isPublicKey(key));
  return usable.length > 0 ? replaced(response, { keys: usable }) : response;
}

/**
 * Removes nulls, and endpoints and lists of the wrong type, from discovery metadata: these count as
 * omitted.
 */
export function usableMetadata(metadata: Readonly<ServerMetadata>): ServerMetadata {
  const usable = Object.entries(metadata).filter(([name, value]) => {
    if (METADATA_LISTS.includes(name)) return stringsOf(value) !== undefined;
    return /_(?:endpoint|uri)$/.test(name) ? textOf(value) !== undefined : value !== null;
  });
  return Object.fromEntries(usable) as ServerMetadata;
}

async function usableTokens(response: Response, grant: string): Promise<Response> {
  const body = await bodyOf(response);
  if (!body) return response;
  const { refresh_token, scope, expires_in, id_token, ...rest } = body;
  // Accepts numbers in quotes: they are common, and openid-client reads them.
  const seconds = typeof expires_in === 'string' ? parseFloat(expires_in) : expires_in;
  const usable = {
    ...rest,
    refresh_token: textOf(refresh_token),
    scope: textOf(scope),
    expires_in: Number.isFinite(seconds) && Number(seconds) >= 0 ? expires_in : undefined,
    id_token: ID_TOKEN_GRANTS.includes(grant) && id_token !== '' ? id_token : undefined,
  };
  // SolidLab's server returns 201 with a PAT, which openid-client rejects.
  const isCreated = grant === 'client_credentials' && response.status === 201;
  return replaced(response, usable, isCreated ? 200 : response.status);
}

function isPublicKey(key: JsonObject): boolean {
  if ('d' in key) return false;
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key, format: 'jwk' });
    const { modulusLength = MIN_RSA_BITS } = asymmetricKeyDetails ?? {};
    return modulusLength >= MIN_RSA_BITS;
  } catch {
    return false;
  }
}

async function bodyOf(response: Response): Promise<JsonObject | undefined> {
  return objectOf(parseJson(await response.clone().text()));
}

function replaced({ status, headers }: Response, body: object, changed = status): Response {
  return new Response(JSON.stringify(body), { status: changed, headers });
}
