import { withoutValues } from '../../base/hidden-values.js';
import { parseJson, objectOf } from '../../base/json.js';
import { ReceivedResponse } from './received-response.js';

/** Form parameters without secrets; the values of all other parameters are hidden. */
const PUBLIC = [
  ...['grant_type', 'scope', 'redirect_uri', 'client_id', 'token_type_hint', 'submit_request'],
  ...['client_assertion_type', 'claim_token_format', 'audience', 'response_mode'],
];

/** Parts of a request that contain secrets. */
interface SentParts {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Removes the secrets of a request from the printed parts of its error response: `error`,
 * `error_description` and challenges. Some servers quote the values they reject.
 *
 * @see RFC 6749 §5.2, RFC 6750 §3
 */
export function hideSent(response: ReceivedResponse, request: SentParts): ReceivedResponse {
  const sent = sentValues(request);
  const { status, headers, text } = response;
  const challenges = [headers['www-authenticate'] ?? []].flat();
  const hidden = challenges.map((challenge) => withoutValues(challenge, sent));
  return new ReceivedResponse(
    status,
    { ...headers, 'www-authenticate': hidden },
    Buffer.from(hiddenIn(text, sent)),
  );
}

/**
 * Leaves other properties unchanged: the caller may need them, such as the ticket of `need_info`.
 */
function hiddenIn(text: string, sent: readonly string[]): string {
  const body = objectOf(parseJson(text));
  if (!body) return text;
  const hidden = ['error', 'error_description'].flatMap((name) => {
    const value = body[name];
    return typeof value === 'string' ? [[name, withoutValues(value, sent)] as const] : [];
  });
  return JSON.stringify({ ...body, ...Object.fromEntries(hidden) });
}

/** Tokens, codes, tickets and secrets of a request, plain and percent-encoded; longest first. */
function sentValues({ headers, body = '' }: SentParts): readonly string[] {
  const sent = new Headers(headers);
  const values = [...credentials(sent.get('authorization') ?? ''), ...bodyValues(sent, body)];
  const encoded = values.flatMap((value) => [value, encodeURIComponent(value)]);
  const distinct = [...new Set(encoded)].filter((value) => value.trim() !== '');
  return distinct.sort((one, other) => other.length - one.length);
}

function bodyValues(headers: Headers, text: string): readonly string[] {
  if (headers.get('content-type')?.includes('json')) {
    const statement = objectOf(parseJson(text))?.software_statement;
    return typeof statement === 'string' ? [statement] : [];
  }
  const form = [...new URLSearchParams(text)];
  return form.filter(([name]) => !PUBLIC.includes(name)).map(([, value]) => value);
}

/** Decodes Basic credentials, whose user and password are form-encoded (RFC 6749 §2.3.1). */
function credentials(authorization: string): readonly string[] {
  const [scheme = '', value = ''] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'basic') return [value];
  const pair = Buffer.from(value, 'base64').toString();
  const password = pair.slice(pair.indexOf(':') + 1);
  const decoded = [...new URLSearchParams(password).keys()].join('');
  return [value, password, decoded];
}
