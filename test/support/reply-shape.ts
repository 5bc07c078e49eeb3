import { isJsonObject, parseJson } from '../../lib/base/json.js';
import { type RecordedReply, replyOf } from '../recordings/recordings.js';
import { envelopeIn } from './recorded-call.js';

type Members = Readonly<Record<string, unknown>>;

/** Properties whose value, null included, depends on the provider. */
export const OF_PROVIDER = new Set('username sub token_type jti aud iss exp iat pct'.split(' '));
/** Query parameters that oxd does not know. */
const NOT_COMPARED = new Set(['code_challenge', 'code_challenge_method']);

/** Parts of a reply that do not depend on the provider: property names, types, nulls, errors. */
export function shapeOfReply(frame: string): unknown {
  const reply = replyOf(frame);
  return reply ? shapeOfEnvelope(reply) : 'no reply';
}

/** Parts of a response over HTTPS that do not depend on the provider. */
export function shapeOfHttps(response: {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: string;
}): object {
  const { status, contentType, body } = response;
  return { status, contentType, body: shapeOfBody(body) };
}

function shapeOfBody(body: string): unknown {
  const envelope = envelopeIn(body);
  if (envelope) return shapeOfEnvelope(envelope);
  const failure = parseJson(body);
  if (isJsonObject(failure))
    return { ...failure, message: shapeOfMessage(String(failure.message)) };
  // The rest of the sentence depends on the version of a library, and may quote the request.
  return body.replace(/(?<=^Invalid parameters\. Message: ).*$/s, '…');
}

/** Shape of the text of a failure: a response of the authorization server, or a sentence. */
function shapeOfMessage(message: string): unknown {
  const said = parseJson(message);
  if (isJsonObject(said) && said.error !== undefined) return 'error of the authorization server';
  return message.replace(/(?<=ID )[0-9a-f]{16}/, '…');
}

function shapeOfEnvelope({ status, data }: RecordedReply): unknown {
  if (status === 'error') {
    const { error, details, error_description: text } = data;
    // Two errors share this code: only the description distinguishes them.
    const said = error === 'internal_error' ? text : typeof text;
    return { status, error, details: shapeOfDetails(details), text: said };
  }
  return { status, members: Object.fromEntries(Object.entries(data).map(shapeOfMember)) };
}

/** Name of a property, and the part of its value that does not depend on the provider. */
export function shapeOfMember([name, value]: [string, unknown]): [string, unknown] {
  if (name === 'authorization_url' || name === 'uri') return [name, queryOf(String(value))];
  if (name === 'url') return [name, rawQueryOf(String(value))];
  if (name === 'www-authenticate_header' && typeof value === 'string')
    return [name, value.replace(/(as_uri|ticket)="[^"]+"/g, '$1="…"')];
  if (name === 'permissions' && Array.isArray(value)) return [name, value.map(shapeOfPermission)];
  if (name === 'claims' || name === 'id_token_claims')
    return [name, shapeOfClaims(value as Members)];
  if (name === 'scope' && Array.isArray(value)) return [name, 'list'];
  if (name === 'active') return [name, value];
  if (OF_PROVIDER.has(name)) return [name, 'as the provider says'];
  return [name, value === null ? null : typeof value];
}

function queryOf(url: string): readonly string[] {
  return [...new URL(url).searchParams]
    .filter(([name]) => !NOT_COMPARED.has(name))
    .map(([name, value]) => (name === 'acr_values' ? `${name}=${value}` : name));
}

/** Query of a URL with unencoded parameters, which cannot be split reliably. */
function rawQueryOf(url: string): string {
  const query = url.slice(url.indexOf('?'));
  return query
    .replace(/(client_id|state)=[^&]+/g, '$1=…')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'a ticket');
}

function shapeOfPermission({ resource_id, exp, ...scopes }: Members): Members {
  return { resource_id: typeof resource_id, exp: typeof exp, ...scopes };
}

/** Shape of error details; requested claims and their URLs depend on the authorization server. */
function shapeOfDetails(details: unknown): unknown {
  if (details === null) return null;
  const { error, ...members } = details as Members;
  const kinds = Object.entries(members).map(([name, value]) => [
    name,
    value === null ? null : typeof value,
  ]);
  return { error, ...(Object.fromEntries(kinds) as Members) };
}

function shapeOfClaims(claims: Members): unknown {
  if (Object.keys(claims).length === 0) return 'none';
  const values = Object.values(claims).flat();
  const fits = Object.values(claims).every(Array.isArray);
  return fits && values.every((value) => typeof value === 'string') && claims.sub
    ? 'lists of strings'
    : claims;
}
