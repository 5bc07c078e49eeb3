import { ClientError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { OxdCommandError, OxdError, OxdStoreError, printable } from '../../base/errors.js';
import { libraryFailure, type FailureDetails } from './library-error.js';
import { ProviderRequestError } from './provider-http.js';
import { ProviderResponseError, OperationError } from './operation-error.js';
import { isNonEmptyString } from '../../base/json.js';

/** The command that failed, for {@link toCommandError}. */
export interface Attempt {
  readonly command: string;
  /** True if data may have changed at the provider. */
  readonly mayHaveRun: boolean;
}

/** Error codes of the libraries for requests that were never sent. */
const NOT_SENT = new Set(['OAUTH_MISSING_SERVER_METADATA', 'OAUTH_HTTP_REQUEST_FORBIDDEN']);

/**
 * Converts a failure to an {@link OxdCommandError}, with `internal_error` as in oxd if the failure
 * has no error code. Errors of the libraries contain whole responses and claims: the `cause` has only
 * their name, code, status and message.
 */
export async function toCommandError(error: unknown, attempt: Attempt): Promise<OxdError> {
  const { command, mayHaveRun } = attempt;
  if (error instanceof OxdStoreError) return storeError(error, attempt);
  if (error instanceof OxdError) return error;
  const details = await describe(error, command);
  const { error: code = 'internal_error', error_description } = details;
  const message = `${printable(command)}: ${details.message} [${printable(code)}]`;
  const cause = sanitized(error, details);
  return new OxdCommandError(
    message,
    { error: code, error_description },
    { command, mayHaveRun, cause },
  );
}

/** Returns true if the provider certainly did not execute the request. */
export function wasNotExecuted(error: unknown): boolean {
  const request = requestErrorOf(error);
  if (request) return request.failure === 'insecure' || request.failure === 'unreachable';
  if (NOT_SENT.has(codeOf(error) ?? '')) return true;
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500;
}

/** HTTP status of the response that caused the failure; undefined without a response. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof ProviderResponseError) return error.status;
  if (error instanceof OperationError) return statusOf(error.cause);
  return responseOf(error)?.status;
}

/** Response that made `openid-client` fail; undefined without a response. */
export async function failedResponseOf(
  error: unknown,
): Promise<{ readonly status: number; readonly body: unknown } | undefined> {
  const response = responseOf(error);
  if (!response) return undefined;
  const { status } = response;
  if (error instanceof ResponseBodyError) return { status, body: error.cause };
  // The response is read again when the error is converted.
  const copy = response.bodyUsed ? undefined : response.clone();
  return { status, body: await copy?.text() };
}

/** Adds to a store error that an earlier request of the command may have changed data. */
function storeError(
  { message, cause, mayHaveRun }: OxdStoreError,
  attempt: Attempt,
): OxdStoreError {
  const ran = mayHaveRun || attempt.mayHaveRun;
  return new OxdStoreError(message, { cause, command: attempt.command, mayHaveRun: ran });
}

async function describe(error: unknown, command: string): Promise<FailureDetails> {
  if (error instanceof OperationError) return operationFailure(error, command);
  const request = requestErrorOf(error);
  if (request) return { message: request.message };
  if (error instanceof ProviderResponseError) return responseFailure(error.status, error);
  const response = responseOf(error);
  if (response)
    return responseFailure(response.status, await oauthErrorOf(response, error, command));
  return libraryFailure(error, command);
}

async function operationFailure(failure: OperationError, command: string): Promise<FailureDetails> {
  const { error, message, cause } = failure;
  if (cause === undefined) return { error, message };
  const inner = await describe(cause, command);
  return { ...inner, error, message: `${message} ${inner.message}` };
}

type OAuthErrorBody = Pick<FailureDetails, 'error' | 'error_description'>;

function responseFailure(
  status: number,
  { error, error_description }: OAuthErrorBody,
): FailureDetails {
  const message =
    status < 400 && error === undefined
      ? `The OpenID Provider returned an unexpected response (${status}).`
      : `The OpenID Provider rejected the request (${status}).`;
  return { error, error_description, message, status };
}

/**
 * Reads the error code of a response: in the body by RFC 6749 §5.2, in the challenge by RFC 6750
 * §3.
 */
async function oauthErrorOf(
  response: Response,
  error: unknown,
  command: string,
): Promise<OAuthErrorBody> {
  if (error instanceof ResponseBodyError) return error;
  const body: unknown = await response.json().catch(() => undefined);
  const { error: code, error_description } = (body ?? {}) as Record<string, unknown>;
  if (isNonEmptyString(code)) {
    return { error: code, ...(typeof error_description === 'string' && { error_description }) };
  }
  const challenges = error instanceof WWWAuthenticateChallengeError ? error.cause : [];
  const challenge = challenges.find(({ parameters }) => parameters.error);
  if (challenge) return challenge.parameters;
  if (response.status !== 401) return {};
  return { error: command === 'get_user_info' ? 'invalid_token' : 'invalid_client' };
}

function requestErrorOf(error: unknown): ProviderRequestError | undefined {
  if (error instanceof ProviderRequestError) return error;
  return error instanceof Error && error.cause instanceof ProviderRequestError
    ? error.cause
    : undefined;
}

function responseOf(error: unknown): Response | undefined {
  if (error instanceof ResponseBodyError || error instanceof WWWAuthenticateChallengeError) {
    return error.response;
  }
  return error instanceof ClientError && error.cause instanceof Response ? error.cause : undefined;
}

function sanitized(error: unknown, { status }: FailureDetails): Error {
  const first = error instanceof OperationError ? (error.cause ?? error) : error;
  const original = requestErrorOf(first) ?? (first instanceof Error ? first : new Error('unknown'));
  const { name } = original;
  const code = codeOf(original);
  return Object.assign(new Error(printable(original.message)), {
    name,
    ...(code !== undefined && { code }),
    ...(status !== undefined && { status }),
  });
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
