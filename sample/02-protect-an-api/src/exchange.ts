/** A request and its response as text, with shortened tickets, tokens and credentials. */
export interface Exchange {
  readonly title: string;
  /** Request; undefined when the client did not send it. */
  readonly question?: string;
  readonly answer: string;
  /** True for an error response. */
  readonly refused: boolean;
}

/** An exchange for the page, with the parts of the response that the client needs. */
export interface Answered {
  readonly exchange: Exchange;
  readonly headers: Headers;
  /** Parsed JSON, or the text of the body. */
  readonly body: unknown;
}

/** Headers that the page shows beside `host`. */
const HEADERS = ['authorization', 'www-authenticate', 'warning', 'retry-after', 'cache-control'];

/** Name and first characters of a secret. */
const SECRET = /((?:ticket|rpt|access_token|pct)"?[=:]\s*"?|Bearer |Basic )([^"&\s]{8})[^"&\s]+/g;

/** Sends a request. */
export async function exchange(title: string, request: Request): Promise<Answered> {
  const asked = await requestText(request.clone());
  const response = await fetch(request);
  const { status, statusText, headers, ok } = response;
  const body = parsed(await response.text());
  const answer = message([`${status} ${statusText}`, ...shown(headers)], pretty(body));
  return { exchange: { title, question: asked, answer, refused: !ok }, headers, body };
}

/** Indents JSON; returns text unchanged. */
export function pretty(body: unknown): string {
  return shortened(typeof body === 'string' ? body : JSON.stringify(body, undefined, 2));
}

/** Request as text, with line breaks between the parameters of a form as in RFCs. */
async function requestText(request: Request): Promise<string> {
  const { pathname, search, host } = new URL(request.url);
  const head = [`${request.method} ${pathname}${search}`, `host: ${host}`];
  const form = (await request.text()).replaceAll('&', '\n&');
  return message([...head, ...shown(request.headers)], shortened(form));
}

function message(head: readonly string[], body: string): string {
  return [...head, '', body].join('\n').trim();
}

function shown(headers: Headers): string[] {
  return HEADERS.filter((name) => headers.has(name)).map((name) =>
    shortened(`${name}: ${headers.get(name)}`),
  );
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
