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

/** What the token endpoint of an authorization server answered instead of an RPT. */
export interface TokenErrorResponse {
  /** HTTP status, where it is known. */
  readonly status?: number;
  /** The body: parsed JSON, or text. */
  readonly body: unknown;
}

/** What was asked for. */
export interface RptRequest {
  /** Whether the owner of the resource was to be asked (`submit_request`). */
  readonly submit: boolean;
  /** The ticket that was sent; an answer that gives it back is no good. */
  readonly ticket?: string;
}

type Members = Readonly<Record<string, unknown>>;

interface ParsedTokenError extends TokenErrorResponse {
  /** The error word; authorization servers do not all say one. */
  readonly word: string | undefined;
  /** The body. */
  readonly members: Members;
}

/**
 * Reads the answer of a token endpoint to the uma-ticket grant as one of the outcomes of UMA, whoever
 * made the authorization server. "Submitted" in the words of Keycloak is believed where it was asked
 * for; Keycloak says it of every denial otherwise.
 *
 * @returns undefined where it is no outcome of UMA but a failure: of the client, of its request or of
 *   the server
 * @see UMA 2.0 Grant §3.3.6
 */
export function toUmaError(
  answer: TokenErrorResponse,
  asked: RptRequest,
  details?: OxdErrorDetails,
): OxdCommandError | undefined {
  const members = membersOf(answer.body);
  if (!members || !mayRefuse(answer.status)) return undefined;
  const word = textOf(members.error);
  const said: ParsedTokenError = { ...answer, word, members };
  const outcome = outcomeOf(said, asked);
  if (!outcome || hasBadTicket(outcome, members)) return undefined;
  if (isContinuable(outcome) && isThere(members.ticket) && members.ticket === asked.ticket) {
    return reusedTicketError(said, outcome, details);
  }
  return OUTCOMES[outcome](said, details);
}

type Outcome = keyof typeof OUTCOMES;

const OUTCOMES = {
  need_info: (said: ParsedTokenError, details?: OxdErrorDetails): OxdCommandError => {
    const { ticket, required_claims, redirect_user } = said.members;
    const refusal = {
      ...wire(said, 'need_info'),
      ticket: String(ticket),
      required_claims: requiredClaims(required_claims),
      redirect_user: pageOf(redirect_user),
    };
    return new NeedInfoError(refusal, details);
  },
  request_submitted: (said: ParsedTokenError, details?: OxdErrorDetails): OxdCommandError => {
    const ticket = textOf(said.members.ticket);
    const interval = secondsOf(said.members.interval);
    return new RequestSubmittedError(
      { ...wire(said, 'request_submitted'), ticket, interval },
      details,
    );
  },
  request_denied: (said: ParsedTokenError, details?: OxdErrorDetails): OxdCommandError =>
    new RequestDeniedError(wire(said, 'request_denied'), details),
  invalid_ticket: (said: ParsedTokenError, details?: OxdErrorDetails): OxdCommandError =>
    new InvalidTicketError(wire(said, 'invalid_ticket'), details),
};

/** Words that mean an outcome wherever they are said. */
const OUTCOME_BY_CODE: Readonly<Record<string, Outcome>> = {
  need_info: 'need_info',
  request_submitted: 'request_submitted',
  request_denied: 'request_denied',
  access_denied: 'request_denied',
  forbidden_by_policy: 'request_denied',
  invalid_ticket: 'invalid_ticket',
  invalid_grant: 'invalid_ticket',
};

/** The client, its credentials, its request or the server is at fault: nobody judged the user. */
const FAULT =
  /^(?:(?:invalid|unsupported|unauthorized|disabled|insufficient|expired|unknown)_|(?:server_error|temporarily_unavailable|not_supported)$)/;

function outcomeOf(said: ParsedTokenError, asked: RptRequest): Outcome | undefined {
  const { word } = said;
  const outcome =
    word !== undefined && Object.hasOwn(OUTCOME_BY_CODE, word) ? OUTCOME_BY_CODE[word] : undefined;
  if (outcome) return refineByCode(said, outcome, asked);
  return word !== undefined && FAULT.test(word) ? undefined : inferWithoutCode(said);
}

/** What Keycloak says with words that mean something else. */
function refineByCode(
  { word, members }: ParsedTokenError,
  outcome: Outcome,
  { submit }: RptRequest,
): Outcome | undefined {
  const { error_description: text } = members;
  if (word === 'access_denied' && text === 'request_submitted' && submit) {
    return 'request_submitted';
  }
  // It speaks of the user's token, not of the ticket.
  if (word === 'invalid_grant' && /bearer/i.test(textOf(text) ?? '')) return undefined;
  return outcome;
}

/** SolidLab says no error word at all. */
function inferWithoutCode({ status, word, members }: ParsedTokenError): Outcome | undefined {
  const { ticket, required_claims, redirect_user } = members;
  const mayAsk = status === 403 || status === undefined;
  if (mayAsk && isThere(ticket) && (isThere(required_claims) || isThere(redirect_user))) {
    return 'need_info';
  }
  if (word !== undefined) return status === 403 ? 'request_denied' : undefined;
  return inferFromMessage(status, members);
}

/** SolidLab refuses a bad claim token with 403, too; of a policy it says "Request denied". */
function inferFromMessage(status: number | undefined, members: Members): Outcome | undefined {
  const message = textOf(members.message);
  if (status === 403) {
    const isVerdict =
      members.status !== 403 || message === undefined || /\bdenied\b/i.test(message);
    return isVerdict ? 'request_denied' : undefined;
  }
  const text = [message, textOf(members.description)].join(' ');
  return status === 400 && /\bticket\b/i.test(text) ? 'invalid_ticket' : undefined;
}

/** 401 judges the client, 5xx is a server that failed, and no success is a refusal. */
function mayRefuse(status: number | undefined): boolean {
  return status === undefined || (status >= 400 && status < 500 && status !== 401);
}

function isContinuable(outcome: Outcome): boolean {
  return outcome === 'need_info' || outcome === 'request_submitted';
}

/** Keycloak's "submitted" has none: asking begins anew then. */
function hasBadTicket(outcome: Outcome, { ticket }: Members): boolean {
  if (!isContinuable(outcome)) return false;
  if (outcome === 'request_submitted' && !isThere(ticket)) return false;
  return !isTicket(ticket);
}

/** UMA 2.0 Grant §3.3.6: every ticket is a new one. */
function reusedTicketError(
  said: ParsedTokenError,
  outcome: Outcome,
  details?: OxdErrorDetails,
): OxdCommandError {
  const message = 'The authorization server gave the spent ticket back instead of a new one.';
  return new OxdCommandError(message, wire(said, outcome), details);
}

function wire({ word, members }: ParsedTokenError, usual: string): WireError {
  const error_description = textOf(members.error_description);
  return { error: word ?? usual, error_description, details: members };
}

/** Each claim with the members that are of their type; undefined where there is none. */
function requiredClaims(value: unknown): readonly RequiredClaim[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const claims = value.filter(isJsonObject).map(requiredClaim);
  const told = claims.filter((claim) => Object.keys(claim).length > 0);
  return told.length > 0 ? told : undefined;
}

function requiredClaim(claim: Members): RequiredClaim {
  const { claim_token_format, claim_type, friendly_name, issuer, name } = claim;
  const read = {
    claim_token_format: textsOf(claim_token_format),
    claim_type: textOf(claim_type),
    friendly_name: textOf(friendly_name),
    issuer: textsOf(issuer),
    name: textOf(name),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

/** A browser is sent there. */
function pageOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const { protocol, username, password, href } = new URL(value);
  const isPage = protocol === 'https:' || protocol === 'http:';
  return isPage && username === '' && password === '' ? href : undefined;
}

function secondsOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
}

function membersOf(body: unknown): Members | undefined {
  if (typeof body !== 'string') return isJsonObject(body) ? body : undefined;
  try {
    const value: unknown = JSON.parse(body);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isJsonObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function textsOf(value: unknown): readonly string[] | undefined {
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string');
  return isList && value.length > 0 ? (value as string[]) : undefined;
}
