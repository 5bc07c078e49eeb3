import { withoutValues } from '../../base/hidden-values.js';
import type { ProviderResponse, OpRequestInit } from './provider-http.js';
import { jsonOf, objectOf } from './json.js';

/** Form parameters whose values are no secret; every other one is hidden. */
const PUBLIC = [
  ...['grant_type', 'scope', 'redirect_uri', 'client_id', 'token_type_hint', 'submit_request'],
  ...['client_assertion_type', 'claim_token_format', 'audience', 'response_mode'],
];

/**
 * Response to a request that failed, without the secrets of that request in what is printed of it:
 * `error`, `error_description` and challenges. Some servers quote what they reject.
 *
 * @see RFC 6749 §5.2, RFC 6750 §3
 */
export async function hideSent(response: Response, request: OpRequestInit): Promise<Response> {
  if (response.status < 400) return response;
  const sent = sentValues(request);
  const headers = new Headers(response.headers);
  const challenge = headers.get('www-authenticate');
  if (challenge !== null) headers.set('www-authenticate', withoutValues(challenge, sent));
  const text = hiddenIn(await response.text(), sent);
  return new Response(text, { status: response.status, headers });
}

/** The same for a response that is only text. */
export function hideSentText(answer: ProviderResponse, request: OpRequestInit): ProviderResponse {
  if (answer.status < 400) return answer;
  return { ...answer, text: hiddenIn(answer.text, sentValues(request)) };
}

/** Other properties may be meant for the caller, such as the ticket of `need_info`. */
function hiddenIn(text: string, sent: readonly string[]): string {
  const body = objectOf(jsonOf(text));
  if (!body) return text;
  const hidden = ['error', 'error_description'].flatMap((name) => {
    const value = body[name];
    return typeof value === 'string' ? [[name, withoutValues(value, sent)] as const] : [];
  });
  return JSON.stringify({ ...body, ...Object.fromEntries(hidden) });
}

/** Tokens, codes, tickets and secrets of a request, plain and as they are encoded; longest first. */
function sentValues({ headers, body }: OpRequestInit): readonly string[] {
  const sent = new Headers(headers);
  const values = [...credentials(sent.get('authorization') ?? ''), ...bodyValues(sent, body)];
  const encoded = values.flatMap((value) => [value, encodeURIComponent(value)]);
  const distinct = [...new Set(encoded)].filter((value) => value.trim() !== '');
  return distinct.sort((one, other) => other.length - one.length);
}

function bodyValues(headers: Headers, body: OpRequestInit['body']): readonly string[] {
  const text = body?.toString() ?? '';
  if (headers.get('content-type')?.includes('json')) {
    const statement = objectOf(jsonOf(text))?.software_statement;
    return typeof statement === 'string' ? [statement] : [];
  }
  const form = [...new URLSearchParams(text)];
  return form.filter(([name]) => !PUBLIC.includes(name)).map(([, value]) => value);
}

/** RFC 6749 §2.3.1: user and password of Basic are encoded as in a form. */
function credentials(authorization: string): readonly string[] {
  const [scheme = '', value = ''] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'basic') return [value];
  const pair = Buffer.from(value, 'base64').toString();
  const password = pair.slice(pair.indexOf(':') + 1);
  const decoded = [...new URLSearchParams(password).keys()].join('');
  return [value, password, decoded];
}
