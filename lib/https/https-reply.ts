import type { OxdCommandError } from '../base/errors.js';
import { within, type Release } from '../base/oxd-releases.js';
import { isJsonObject, parseJson, type JsonObject } from '../base/json.js';
import { isRest } from '../commands/dialect/https-paths.js';
import { commandError, isErrorData, readEnvelope, type ErrorData } from '../commands/envelope.js';
import { mayRequireToken } from './https-command.js';
import type { HttpsReply } from './https-call.js';
import { HttpsStatusError } from './https-status-error.js';
import { textFailure } from './text-reply.js';

/** Call whose response is read. */
export interface SentCall {
  /** Origin of `transport.url`. */
  readonly origin: string;
  readonly command: string;
  readonly version: Release;
  /** True if the request had a protection token. */
  readonly hasToken: boolean;
}

/**
 * Returns the result in a response: `data` of an envelope of the HTTPS extension, or the object of the
 * REST API.
 *
 * @throws {OxdCommandError} OXD_COMMAND_FAILED for a failure that oxd or the provider reports
 * @throws {OxdTransportError} for a response that this version of oxd does not send
 */
export function readHttpsReply(call: SentCall, reply: HttpsReply): unknown {
  const body = parseJson(reply.text);
  if (reply.status !== 200) throw failure(call, reply, body);
  if (!isRest(call.version)) {
    return readEnvelope(call.command, body, () => textFailure(call, reply));
  }
  if (isJsonObject(body) && !isStatusBody(body) && !isEnvelope(body)) return body;
  throw body === null ? internalError(call, reply) : failure(call, reply, body);
}

/** Body that has the status and the body of a response of the provider, or a message of Dropwizard. */
interface StatusBody {
  readonly code: number;
  readonly message: string;
}

function isStatusBody(body: JsonObject): body is JsonObject & StatusBody {
  const { code, message, ...others } = body;
  const isPair = typeof code === 'number' && typeof message === 'string';
  return isPair && Object.keys(others).length === 0;
}

/** Returns true for a response of the HTTPS extension. */
function isEnvelope({ status, data, ...others }: JsonObject): boolean {
  const isComplete = (status === 'ok' || status === 'error') && data !== undefined;
  return isComplete && Object.keys(others).length === 0;
}

function failure(call: SentCall, reply: HttpsReply, body: unknown): Error {
  // The extension has its errors in an envelope: an error without one is from a REST API.
  if (isErrorData(body) && isRest(call.version)) return reportedError(call, reply, body);
  const isStatus = isJsonObject(body) && isStatusBody(body);
  return isStatus ? statusFailure(call, reply, body) : textFailure(call, reply);
}

const OXD_ERROR = new Set(['error', 'error_description', 'details', 'reason']);

/** Error of oxd, which always has a description, or response of the authorization server. */
function reportedError(call: SentCall, reply: HttpsReply, body: ErrorData): OxdCommandError {
  const names = Object.keys(body);
  const isOxd = names.includes('error_description') && names.every((name) => OXD_ERROR.has(name));
  if (isOxd) return errorOf(call, reply, body);
  const { error, error_description } = body;
  const mayHaveRun = reply.status >= 500;
  return errorOf(call, reply, { error, error_description, details: body, mayHaveRun });
}

/** Standard message of Dropwizard for an exception of oxd. */
const EXCEPTION = /^There was an error processing your request\./;

/** Message of Dropwizard for a request that oxd did not execute, such as `HTTP 404 Not Found`. */
const NOT_EXECUTED = /^HTTP \d{3} /;

function statusFailure(call: SentCall, reply: HttpsReply, body: StatusBody): Error {
  const { code, message } = body;
  const isOfExtension = isRejectedByExtension(body);
  if (isOfExtension && isRest(call.version)) return textFailure(call, reply);
  // With a token, the authorization server or a proxy has sent the 403.
  const isForbidden = isOfExtension || isRejectedByDropwizard(call, body);
  if (isForbidden && !call.hasToken) return missingToken(call, reply);
  if (NOT_EXECUTED.test(message)) return textFailure(call, reply);
  if (code !== 500 || !EXCEPTION.test(message)) {
    return errorOf(call, reply, { error: `http_status_${code}`, error_description: message });
  }
  return lacksToken(call) ? missingToken(call, reply) : internalError(call, reply);
}

/** The extension of 3.1.4 puts the JSON of an envelope into `message`. */
function isRejectedByExtension({ code, message }: StatusBody): boolean {
  const envelope = code === 403 ? parseJson(message) : undefined;
  const data = isJsonObject(envelope) && isErrorData(envelope.data) ? envelope.data : undefined;
  return data?.error === '403';
}

/** oxd 4.2 and later report a missing token with an error code. */
function isRejectedByDropwizard({ version }: SentCall, { code, message }: StatusBody): boolean {
  return within(version, { until: '4.1' }) && code === 403 && message === 'HTTP 403 Forbidden';
}

/** The extension of 3.1.1 to 3.1.3 fails for a missing token. */
function lacksToken({ version, command, hasToken }: SentCall): boolean {
  return !isRest(version) && !hasToken && mayRequireToken(version, command);
}

function missingToken(call: SentCall, reply: HttpsReply): OxdCommandError {
  return errorOf(call, reply, { error: 'blank_protection_access_token' });
}

function internalError(call: SentCall, reply: HttpsReply): OxdCommandError {
  return errorOf(call, reply, { error: 'internal_error' });
}

/** Error response; `mayHaveRun` follows from the error code by default. */
type Failure = ErrorData & { readonly mayHaveRun?: boolean };

function errorOf(
  { command }: SentCall,
  { status }: HttpsReply,
  { mayHaveRun, ...data }: Failure,
): OxdCommandError {
  return commandError(data, { command, mayHaveRun, cause: new HttpsStatusError(status) });
}
