import {
  InvalidTicketError,
  NeedInfoError,
  OxdCommandError,
  RequestDeniedError,
  RequestSubmittedError,
  type OxdErrorDetails,
  type RequiredClaim,
  type WireError,
} from '../base/errors.js';
import { isTicket } from '../base/uma-tokens.js';
import {
  isJsonObject,
  isNonEmptyString,
  parseJson,
  withoutUndefined,
  type JsonObject,
} from '../base/json.js';

/** Error response of the token endpoint of an authorization server. */
export interface TokenErrorResponse {
  /** HTTP status; undefined if oxd does not report it. */
  readonly status?: number;
  /** Body: parsed JSON, or a string. */
  readonly body: unknown;
}

/** Request for an RPT that the response belongs to. */
export interface RptRequest {
  /** True if the request contained a submission to the resource owner (`submit_request`). */
  readonly submit: boolean;
  /** Permission ticket of the request; a response must not contain it again. */
  readonly ticket?: string;
}

interface ParsedTokenError extends TokenErrorResponse {
  /** Error code; some authorization servers send none. */
  readonly code: string | undefined;
  /** JsonObject of the body. */
  readonly properties: JsonObject;
}

/**
 * Converts the response of a token endpoint to the uma-ticket grant to an outcome of UMA, for every
 * known authorization server. Keycloak describes each denial as submitted; the description counts only
 * if the client requested the submission.
 *
 * @returns undefined for a failure of the client, of its request or of the server, which is no outcome
 *   of UMA
 * @see UMA 2.0 Grant §3.3.6
 */
export function toUmaError(
  response: TokenErrorResponse,
  request: RptRequest,
  details?: OxdErrorDetails,
): OxdCommandError | undefined {
  const properties = propertiesOf(response.body);
  if (!properties || !mayReject(response.status)) return undefined;
  const code = nonEmptyString(properties.error);
  const parsed: ParsedTokenError = { ...response, code, properties };
  const outcome = outcomeOf(parsed, request);
  if (!outcome || hasInvalidTicket(outcome, properties)) return undefined;
  const { ticket } = properties;
  if (isContinuable(outcome) && isPresent(ticket) && ticket === request.ticket) {
    return reusedTicketError(parsed, outcome, details);
  }
  return OUTCOMES[outcome](parsed, details);
}

type Outcome = keyof typeof OUTCOMES;

const OUTCOMES = {
  need_info: (parsed: ParsedTokenError, details?: OxdErrorDetails): OxdCommandError => {
    const { ticket, required_claims, redirect_user } = parsed.properties;
    const error = {
      ...wireError(parsed, 'need_info'),
      ticket: String(ticket),
      required_claims: requiredClaims(required_claims),
      redirect_user: pageUrl(redirect_user),
    };
    return new NeedInfoError(error, details);
  },
  request_submitted: (parsed: ParsedTokenError, details?: OxdErrorDetails): OxdCommandError => {
    const ticket = nonEmptyString(parsed.properties.ticket);
    const interval = positiveNumber(parsed.properties.interval);
    const error = wireError(parsed, 'request_submitted');
    return new RequestSubmittedError({ ...error, ticket, interval }, details);
  },
  request_denied: (parsed: ParsedTokenError, details?: OxdErrorDetails): OxdCommandError =>
    new RequestDeniedError(wireError(parsed, 'request_denied'), details),
  invalid_ticket: (parsed: ParsedTokenError, details?: OxdErrorDetails): OxdCommandError =>
    new InvalidTicketError(wireError(parsed, 'invalid_ticket'), details),
};

/** Error codes that mean an outcome at every authorization server. */
const OUTCOME_BY_CODE: Readonly<Record<string, Outcome>> = {
  need_info: 'need_info',
  request_submitted: 'request_submitted',
  request_denied: 'request_denied',
  access_denied: 'request_denied',
  forbidden_by_policy: 'request_denied',
  invalid_ticket: 'invalid_ticket',
  invalid_grant: 'invalid_ticket',
};

/** Error codes of a failure of client, request or server: the requesting party was not assessed. */
const FAILURE_CODE =
  /^(?:(?:invalid|unsupported|unauthorized|disabled|insufficient|expired|unknown)_|(?:server_error|temporarily_unavailable|not_supported)$)/;

function outcomeOf(parsed: ParsedTokenError, request: RptRequest): Outcome | undefined {
  const { code } = parsed;
  const outcome =
    code !== undefined && Object.hasOwn(OUTCOME_BY_CODE, code) ? OUTCOME_BY_CODE[code] : undefined;
  if (outcome) return refineByCode(parsed, outcome, request);
  return code !== undefined && FAILURE_CODE.test(code) ? undefined : inferWithoutCode(parsed);
}

/** Corrects the outcome for codes that Keycloak uses with another meaning. */
function refineByCode(
  { code, properties }: ParsedTokenError,
  outcome: Outcome,
  { submit }: RptRequest,
): Outcome | undefined {
  const { error_description: text } = properties;
  if (code === 'access_denied' && text === 'request_submitted' && submit) {
    return 'request_submitted';
  }
  // Keycloak rejects the token of the user here, not the ticket.
  if (code === 'invalid_grant' && /bearer/i.test(nonEmptyString(text) ?? '')) return undefined;
  return outcome;
}

/** Infers the outcome from other properties: SolidLab sends no error code. */
function inferWithoutCode({ status, code, properties }: ParsedTokenError): Outcome | undefined {
  const { ticket, required_claims, redirect_user } = properties;
  const mayNeedInfo = status === 403 || status === undefined;
  const hasRequirement = isPresent(required_claims) || isPresent(redirect_user);
  if (mayNeedInfo && isPresent(ticket) && hasRequirement) return 'need_info';
  if (code !== undefined) return status === 403 ? 'request_denied' : undefined;
  return inferFromMessage(status, properties);
}

/** SolidLab sends 403 also for an invalid claim token; only a denial has the message "Request denied". */
function inferFromMessage(status: number | undefined, properties: JsonObject): Outcome | undefined {
  const message = nonEmptyString(properties.message);
  if (status === 403) {
    const isDenial =
      properties.status !== 403 || message === undefined || /\bdenied\b/i.test(message);
    return isDenial ? 'request_denied' : undefined;
  }
  const text = [message, nonEmptyString(properties.description)].join(' ');
  return status === 400 && /\bticket\b/i.test(text) ? 'invalid_ticket' : undefined;
}

/** Returns false for 401 (failed client authentication), for 5xx and for a success. */
function mayReject(status: number | undefined): boolean {
  return status === undefined || (status >= 400 && status < 500 && status !== 401);
}

function isContinuable(outcome: Outcome): boolean {
  return outcome === 'need_info' || outcome === 'request_submitted';
}

/** Keycloak sends no ticket with a submitted request: the client starts again at the resource server. */
function hasInvalidTicket(outcome: Outcome, { ticket }: JsonObject): boolean {
  if (!isContinuable(outcome)) return false;
  if (outcome === 'request_submitted' && !isPresent(ticket)) return false;
  return !isTicket(ticket);
}

/** UMA 2.0 Grant §3.3.6 requires a new ticket in every response. */
function reusedTicketError(
  parsed: ParsedTokenError,
  outcome: Outcome,
  details?: OxdErrorDetails,
): OxdCommandError {
  const message =
    'The authorization server returned the permission ticket of the request instead of a new one.';
  return new OxdCommandError(message, wireError(parsed, outcome), details);
}

function wireError({ code, properties }: ParsedTokenError, defaultCode: string): WireError {
  const error_description = nonEmptyString(properties.error_description);
  return { error: code ?? defaultCode, error_description, details: properties };
}

/** Returns each claim with its valid properties; undefined if no claim has any. */
function requiredClaims(value: unknown): readonly RequiredClaim[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const claims = value
    .filter(isJsonObject)
    .map(requiredClaim)
    .filter((claim) => Object.keys(claim).length > 0);
  return claims.length > 0 ? claims : undefined;
}

function requiredClaim(claim: JsonObject): RequiredClaim {
  const { claim_token_format, claim_type, friendly_name, issuer, name } = claim;
  const valid = {
    claim_token_format: stringsOf(claim_token_format),
    claim_type: nonEmptyString(claim_type),
    friendly_name: nonEmptyString(friendly_name),
    issuer: stringsOf(issuer),
    name: nonEmptyString(name),
  };
  return withoutUndefined(valid);
}

/** Returns the URL only if a browser may be redirected there: http or https, without credentials. */
function pageUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const { protocol, username, password, href } = new URL(value);
  const isPage = protocol === 'https:' || protocol === 'http:';
  return isPage && username === '' && password === '' ? href : undefined;
}

function positiveNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
}

function propertiesOf(body: unknown): JsonObject | undefined {
  const value = typeof body === 'string' ? parseJson(body) : body;
  return isJsonObject(value) ? value : undefined;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function nonEmptyString(value: unknown): string | undefined {
  return isNonEmptyString(value) ? value : undefined;
}

function stringsOf(value: unknown): readonly string[] | undefined {
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return isList && value.length > 0 ? (value as string[]) : undefined;
}
