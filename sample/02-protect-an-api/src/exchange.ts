import type { NeedInfoError, OxdError, RequestSubmittedError } from 'nestjs-oxd';

/** A request and its response as text, with shortened tickets, tokens and credentials. */
export interface Exchange {
  readonly title: string;
  readonly question: string;
  readonly answer: string;
  /** True for an error. */
  readonly refused: boolean;
}

/** An exchange for the page, with the parts of the response that the client needs. */
export interface Answered {
  readonly exchange: Exchange;
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Headers;
}

/** Headers that the page shows beside `host`. */
const HEADERS = ['authorization', 'www-authenticate', 'warning', 'retry-after', 'cache-control'];

/** Name and first characters of a secret. */
const SECRET =
  /((?:ticket|rpt|access_token|claim_token|pct)"?[=:]\s*"?|Bearer )([^"&\s]{8})[^"&\s]+/g;

/** Sends a request. */
export async function exchange(title: string, request: Request): Promise<Answered> {
  const { pathname, host } = new URL(request.url);
  const question = message([`${request.method} ${pathname}`, `host: ${host}`], request.headers);
  const response = await fetch(request);
  const { status, statusText, headers, ok } = response;
  const body = pretty(parsed(await response.text()));
  const answer = message([`${status} ${statusText}`], headers, body);
  return { exchange: { title, question, answer, refused: !ok }, ok, status, headers };
}

/** Indents JSON; returns text unchanged. */
export function pretty(body: unknown): string {
  return shortened(typeof body === 'string' ? body : JSON.stringify(body, undefined, 2));
}

/** Error with the properties that a client continues with; they are not enumerable. */
export function errorText(error: OxdError): string {
  const { ticket, required_claims, redirect_user, interval } = error as Partial<
    NeedInfoError & RequestSubmittedError
  >;
  const { name, message: text, code } = error;
  const details = { code, ticket, interval, required_claims, redirect_user };
  return `${name}: ${text}\n${pretty(details)}`;
}

function message(head: readonly string[], headers: Headers, body = ''): string {
  const lines = HEADERS.filter((name) => headers.has(name)).map((name) =>
    shortened(`${name}: ${headers.get(name)}`),
  );
  return [...head, ...lines, '', body].join('\n').trim();
}

function shortened(text: string): string {
  return text.replace(SECRET, '$1$2…');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
