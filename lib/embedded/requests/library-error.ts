import { errors as jose } from 'jose';
import { INSECURE } from './provider-http.js';

/** Description of a failed request to the provider. */
export interface FailureDetails {
  /** Error code of oxd, or of the provider. */
  readonly error?: string;
  /** Description that the provider returned. */
  readonly error_description?: string;
  /** Description for the operator. */
  readonly message: string;
  /** HTTP status of the response. */
  readonly status?: number;
}

/**
 * Error code of oxd for each parameter of a token response, or claim, that is missing or invalid.
 */
const ERROR_CODE_BY_CLAIM: Readonly<Record<string, string>> = {
  access_token: 'no_access_token',
  iss: 'invalid_id_token_bad_issuer',
  aud: 'invalid_id_token_bad_audience',
  azp: 'invalid_id_token_bad_authorized_party',
  exp: 'invalid_id_token_expired',
  iat: 'invalid_id_token_issued_at',
  sub: 'no_subject_identifier',
};

const ERROR_CODE_BY_JOSE_CODE: Readonly<Record<string, string>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'invalid_id_token_bad_signature',
  ERR_JOSE_ALG_NOT_ALLOWED: 'invalid_id_token_invalid_algorithm',
  ERR_JWKS_NO_MATCHING_KEY: 'key_id_not_found',
};

/** Error codes of jose for an unusable key set: the token may be valid. */
export const JWKS_ERROR_CODES: ReadonlySet<string> = new Set([
  'ERR_JOSE_GENERIC',
  'ERR_JWKS_INVALID',
  'ERR_JWKS_TIMEOUT',
]);

/** Commands whose response may contain an `id_token`. */
const WITH_ID_TOKEN = new Set(['get_tokens_by_code', 'get_access_token_by_refresh_token']);

const UNUSABLE: FailureDetails = { message: 'The response of the OpenID Provider is not valid.' };

const USERINFO_ALG =
  'The userinfo response is not signed as site.user_info_signed_response_alg states. Set the option ' +
  'to the algorithm that the client has at the OpenID Provider, or remove it for a response in JSON.';

/** True if a userinfo response is signed with another algorithm than the site states, or only one of the
 * two names an algorithm. */
function isAboutSignature({ message, cause }: Error): boolean {
  const texts = [message, cause instanceof Error ? cause.message : ''];
  return texts.some((text) => /"alg" header parameter|JWT UserInfo Response expected/.test(text));
}

/** Describes an error that jose or openid-client throws for an invalid response. */
export function libraryFailure(error: unknown, command: string): FailureDetails {
  if (!(error instanceof Error)) return UNUSABLE;
  if (command === 'get_user_info' && isAboutSignature(error)) return { message: USERINFO_ALG };
  const details = error instanceof jose.JOSEError ? joseFailure(error) : clientFailure(error);
  if (!details.error?.startsWith('invalid_id_token') || WITH_ID_TOKEN.has(command)) return details;
  return { message: details.message };
}

function joseFailure(error: jose.JOSEError): FailureDetails {
  if (JWKS_ERROR_CODES.has(error.code)) {
    return { message: 'The keys of the OpenID Provider (jwks_uri) are not usable.' };
  }
  const message = 'The id_token is not valid.';
  const claim = 'claim' in error && typeof error.claim === 'string' ? error.claim : '';
  if (error instanceof jose.JWTExpired && claim === 'iat') {
    return { error: 'invalid_id_token_old_issued_at', message };
  }
  return {
    error:
      ERROR_CODE_BY_CLAIM[claim] ??
      ERROR_CODE_BY_JOSE_CODE[error.code] ??
      'invalid_id_token_unknown',
    message,
  };
}

function clientFailure(error: Error): FailureDetails {
  const { cause } = error;
  switch ('code' in error ? error.code : undefined) {
    case 'OAUTH_HTTP_REQUEST_FORBIDDEN':
      return { message: INSECURE };
    case 'OAUTH_MISSING_SERVER_METADATA':
      return {
        error: 'unsupported_operation',
        message: `The OpenID Provider has no ${detail(cause, 'attribute') ?? 'such endpoint'}.`,
      };
    case 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED':
      return {
        error: 'invalid_subject_identifier',
        message: 'The response of the OpenID Provider is about another user.',
      };
    default:
      return invalidParameter(detail(cause, 'claim'), cause instanceof Error ? cause.message : '');
  }
}

/** Finds the invalid parameter in `claim`, else in the message of the library, which quotes it. */
function invalidParameter(claim: string | undefined, text: string): FailureDetails {
  const name = claim ?? /"(\w+)" (?:property|\()/.exec(text)?.[1];
  if (name === undefined) {
    return { ...UNUSABLE, error: /JW[TES]/.test(text) ? 'invalid_id_token_unknown' : undefined };
  }
  const error = Object.hasOwn(ERROR_CODE_BY_CLAIM, name) ? ERROR_CODE_BY_CLAIM[name] : undefined;
  return { error, message: `The response of the OpenID Provider has no valid ${name}.` };
}

function detail(cause: unknown, name: 'claim' | 'attribute'): string | undefined {
  const inner = cause instanceof Error ? cause.cause : cause;
  const value = (inner as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : undefined;
}
