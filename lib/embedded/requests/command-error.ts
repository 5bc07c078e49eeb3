import { ClientError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { OxdCommandError, OxdError, OxdStoreError, printable } from '../../base/errors.js';
import { libraryFault, type FailureDetails } from './library-error.js';
import { OpRequestError } from './provider-http.js';
import { ProviderResponseError, OperationError } from './operation-error.js';

/** What {@link toCommandError} is told of the command. */
export interface Attempt {
  readonly command: string;
  /** Whether something may have changed at the provider. */
  readonly mayHaveRun: boolean;
}

/** Where the libraries give up before they send anything. */
const NOT_SENT = new Set(['OAUTH_MISSING_SERVER_METADATA', 'OAUTH_HTTP_REQUEST_FORBIDDEN']);

/**
 * Makes an {@link OxdCommandError} of whatever went wrong; where the failure names no error word it
 * is `internal_error`, as with oxd. The libraries' errors carry whole answers and claims; of them
 * only name, code, status and message are kept.
 */
export async function toCommandError(error: unknown, attempt: Attempt): Promise<OxdError> {
  const { command, mayHaveRun } = attempt;
  if (error instanceof OxdStoreError) return storeError(error, attempt);
  if (error instanceof OxdError) return error;
  const fault = await describe(error, command);
  const { error: word = 'internal_error', error_description } = fault;
  const message = `${printable(command)}: ${fault.message} [${printable(word)}]`;
  const cause = clean(error, fault);
  return new OxdCommandError(
    message,
    { error: word, error_description },
    { command, mayHaveRun, cause },
  );
}

/** Whether the provider certainly did not do what it was asked. */
export function wasNotExecuted(error: unknown): boolean {
  const request = requestErrorOf(error);
  if (request) return request.failure === 'insecure' || request.failure === 'unreachable';
  if (NOT_SENT.has(codeOf(error) ?? '')) return true;
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500;
}

/** The status that the provider answered with, where the failure was an answer. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof ProviderResponseError) return error.status;
  if (error instanceof OperationError) return statusOf(error.cause);
  return responseOf(error)?.status;
}

/** The answer that a failure of `openid-client` was; undefined where there was none. */
export async function answerOf(
  error: unknown,
): Promise<{ readonly status: number; readonly body: unknown } | undefined> {
  const response = responseOf(error);
  if (!response) return undefined;
  const { status } = response;
  if (error instanceof ResponseBodyError) return { status, body: error.cause };
  // Others read it after us.
  const copy = response.bodyUsed ? undefined : response.clone();
  return { status, body: await copy?.text() };
}

/** The store cannot know what the command did before it. */
function storeError(
  { message, cause, mayHaveRun }: OxdStoreError,
  attempt: Attempt,
): OxdStoreError {
  const ran = mayHaveRun || attempt.mayHaveRun;
  return new OxdStoreError(message, { cause, command: attempt.command, mayHaveRun: ran });
}

async function describe(error: unknown, command: string): Promise<FailureDetails> {
  if (error instanceof OperationError) return refusalFault(error, command);
  const request = requestErrorOf(error);
  if (request) return { message: request.message };
  if (error instanceof ProviderResponseError) return answerFault(error.status, error);
  const response = responseOf(error);
  if (response) return answerFault(response.status, await refusalOf(response, error, command));
  return libraryFault(error, command);
}

async function refusalFault(refusal: OperationError, command: string): Promise<FailureDetails> {
  const { error, message, cause } = refusal;
  if (cause === undefined) return { error, message };
  const inner = await describe(cause, command);
  return { ...inner, error, message: `${message} ${inner.message}` };
}

type RefusalBody = Pick<FailureDetails, 'error' | 'error_description'>;

function answerFault(status: number, { error, error_description }: RefusalBody): FailureDetails {
  const message =
    status < 400 && error === undefined
      ? `The OpenID Provider answered ${status} with something else than asked for.`
      : `The OpenID Provider refused the request (${status}).`;
  return { error, error_description, message, status };
}

/** RFC 6749 §5.2 puts the error word into the body, RFC 6750 §3 into the challenge. */
async function refusalOf(
  response: Response,
  error: unknown,
  command: string,
): Promise<RefusalBody> {
  if (error instanceof ResponseBodyError) return error;
  const body: unknown = await response.json().catch(() => undefined);
  const { error: word, error_description } = (body ?? {}) as Record<string, unknown>;
  if (typeof word === 'string' && word !== '') {
    return { error: word, ...(typeof error_description === 'string' && { error_description }) };
  }
  const challenges = error instanceof WWWAuthenticateChallengeError ? error.cause : [];
  const challenge = challenges.find(({ parameters }) => parameters.error);
  if (challenge) return challenge.parameters;
  if (response.status !== 401) return {};
  return { error: command === 'get_user_info' ? 'invalid_token' : 'invalid_client' };
}

function requestErrorOf(error: unknown): OpRequestError | undefined {
  if (error instanceof OpRequestError) return error;
  return error instanceof Error && error.cause instanceof OpRequestError ? error.cause : undefined;
}

function responseOf(error: unknown): Response | undefined {
  if (error instanceof ResponseBodyError || error instanceof WWWAuthenticateChallengeError) {
    return error.response;
  }
  return error instanceof ClientError && error.cause instanceof Response ? error.cause : undefined;
}

function clean(error: unknown, { status }: FailureDetails): Error {
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
