/** A request and its response as text, with shortened tokens. */
export interface Exchange {
  readonly title: string;
  readonly question: string;
  readonly answer: string;
  readonly ok: boolean;
  /** Property `error` of the response. */
  readonly error?: string;
}

/** Headers that the page shows beside `host`. */
const HEADERS = ['authorization', 'content-type', 'www-authenticate', 'cache-control'];

/** Name and first characters of a secret. */
const SECRET = /(Bearer )([^"\s=,]{8})[^"\s=,]+(?=$|\n)/g;

/** Sends a request. */
export async function exchange(title: string, request: Request): Promise<Exchange> {
  const { pathname, host } = new URL(request.url);
  const head = [`${request.method} ${pathname}`, `host: ${host}`];
  const question = message(head, request.headers, await request.clone().text());
  const response = await fetch(request);
  const { status, statusText, headers, ok } = response;
  const body = parsed(await response.text());
  const answer = message([`${status} ${statusText}`], headers, pretty(body));
  return { title, question, answer, ok, error: (body as { error?: string }).error };
}

/** Indents JSON; returns text unchanged. */
export function pretty(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body, undefined, 2);
}

function message(head: readonly string[], headers: Headers, body: string): string {
  const lines = HEADERS.filter((name) => headers.has(name)).map(
    (name) => `${name}: ${headers.get(name)}`,
  );
  return [...head, ...lines, '', body].join('\n').replace(SECRET, '$1$2…').trim();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
