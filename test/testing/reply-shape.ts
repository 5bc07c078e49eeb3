import { replyOf } from '../recordings/recordings.js';

type Members = Readonly<Record<string, unknown>>;

/** Members whose value, null included, is the provider's: another provider, another value. */
const OF_PROVIDER = new Set(['username', 'sub', 'token_type', 'jti', 'aud', 'iss', 'exp', 'iat']);
/** Query parameters that one of the two does not know. */
const NOT_COMPARED = new Set(['code_challenge', 'code_challenge_method', 'acr_values']);

/** What of a reply does not depend on the provider: members, types, null or not, errors. */
export function shapeOfReply(frame: string): unknown {
  const reply = replyOf(frame);
  if (!reply) return 'no reply';
  const { status, data } = reply;
  if (status === 'error') {
    const { error, details, error_description: text } = data;
    // Two errors of one word: only the text tells them apart.
    return { status, error, details, text: error === 'internal_error' ? text : typeof text };
  }
  return { status, members: Object.fromEntries(Object.entries(data).map(shapeOfMember)) };
}

function shapeOfMember([name, value]: [string, unknown]): [string, unknown] {
  if (name === 'authorization_url' || name === 'uri') return [name, queryOf(String(value))];
  if (name === 'claims' || name === 'id_token_claims')
    return [name, shapeOfClaims(value as Members)];
  if (name === 'scope' && Array.isArray(value)) return [name, 'list'];
  if (name === 'active') return [name, value];
  if (OF_PROVIDER.has(name)) return [name, 'as the provider says'];
  return [name, value === null ? null : typeof value];
}

function queryOf(url: string): readonly string[] {
  return [...new URL(url).searchParams.keys()].filter((name) => !NOT_COMPARED.has(name));
}

function shapeOfClaims(claims: Members): unknown {
  if (Object.keys(claims).length === 0) return 'none';
  const values = Object.values(claims).flat();
  const fits = Object.values(claims).every(Array.isArray);
  return fits && values.every((value) => typeof value === 'string') && claims.sub
    ? 'lists of strings'
    : claims;
}
