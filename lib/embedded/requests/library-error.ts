import { errors as jose } from 'jose';
import { INSECURE } from './provider-http.js';

/** What went wrong at the provider. */
export interface FailureDetails {
  /** The word of oxd, or of the provider. */
  readonly error?: string;
  /** The provider's text. */
  readonly error_description?: string;
  /** In our own words. */
  readonly message: string;
  /** HTTP status of the answer. */
  readonly status?: number;
}

/** What was wrong with a member of a token answer or with a claim, in the words of oxd. */
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

/** jose's codes for a key set that cannot be used: no fault of the token. */
const JWKS_ERROR_CODES = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID', 'ERR_JWKS_TIMEOUT']);

/** The commands whose answer may bring an id_token. */
const WITH_ID_TOKEN = new Set(['get_tokens_by_code', 'get_access_token_by_refresh_token']);

const UNUSABLE: FailureDetails = { message: 'The answer of the OpenID Provider is not usable.' };

/** Reads an error of jose or of openid-client that a bad answer has led to. */
export function libraryFault(error: unknown, command: string): FailureDetails {
  if (!(error instanceof Error)) return UNUSABLE;
  const fault = error instanceof jose.JOSEError ? joseFault(error) : clientFault(error);
  if (!fault.error?.startsWith('invalid_id_token') || WITH_ID_TOKEN.has(command)) return fault;
  return { message: fault.message };
}

function joseFault(error: jose.JOSEError): FailureDetails {
  if (JWKS_ERROR_CODES.has(error.code)) {
    return { message: 'The keys of the OpenID Provider (jwks_uri) cannot be used.' };
  }
  const message = 'The id_token is not good.';
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

function clientFault(error: Error): FailureDetails {
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
        message: 'The answer of the OpenID Provider speaks of another user.',
      };
    default:
      return memberFault(detail(cause, 'claim'), cause instanceof Error ? cause.message : '');
  }
}

/** The member at fault is named by `claim`, else quoted in the library's text. */
function memberFault(claim: string | undefined, text: string): FailureDetails {
  const name = claim ?? /"(\w+)" (?:property|\()/.exec(text)?.[1];
  if (name === undefined) {
    return { ...UNUSABLE, error: /JW[TES]/.test(text) ? 'invalid_id_token_unknown' : undefined };
  }
  const error = Object.hasOwn(ERROR_CODE_BY_CLAIM, name) ? ERROR_CODE_BY_CLAIM[name] : undefined;
  return { error, message: `The answer of the OpenID Provider has no good ${name}.` };
}

function detail(cause: unknown, name: 'claim' | 'attribute'): string | undefined {
  const inner = cause instanceof Error ? cause.cause : cause;
  const value = (inner as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : undefined;
}
