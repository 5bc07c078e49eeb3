/** A request and its answer. Tickets, tokens and credentials in them are shortened. */
export interface Exchange {
  readonly title: string;
  /** Left out where the client is not the one who asks. */
  readonly question?: string;
  readonly answer: string;
  /** Whether the answer is a refusal. */
  readonly refused: boolean;
}

/** What the page shows of an exchange, and what the client goes on with. */
export interface Answered {
  readonly exchange: Exchange;
  readonly headers: Headers;
  /** The body, where it is JSON. */
  readonly body: unknown;
}

/** Headers that the page shows, besides host. */
const HEADERS = ['authorization', 'www-authenticate', 'warning', 'retry-after', 'cache-control'];

/** What names a secret, and its first characters. */
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

/** Readable JSON; text as it is. */
export function pretty(body: unknown): string {
  return shortened(typeof body === 'string' ? body : JSON.stringify(body, undefined, 2));
}

/** With line breaks between the parameters of a form, as in RFCs. */
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
