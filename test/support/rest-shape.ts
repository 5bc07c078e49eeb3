import { isJsonObject, parseJson } from '../../lib/base/json.js';
import { OF_PROVIDER, shapeOfMember } from './reply-shape.js';

type Members = Readonly<Record<string, unknown>>;

/** Response of a REST API. */
export interface RestResponse {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: string;
}

/** Parts of a response of oxd 4 that do not depend on the provider. */
export function shapeOfRest(command: string | null, response: RestResponse): unknown {
  const { status, contentType } = response;
  return { status, contentType, body: shapeOfBody(command, response) };
}

function shapeOfBody(command: string | null, { status, body }: RestResponse): unknown {
  const json = parseJson(body);
  if (!isJsonObject(json)) return shapeOfText(body);
  if (typeof json.code === 'number') return { ...json, message: shapeOfMessage(json.message) };
  // The error document of a provider, with any status.
  if (json.error !== undefined) return shapeOfError(json);
  if (command === null || status !== 200) return json;
  if (command === 'get_user_info') return typeof json.sub;
  if (command === 'get_rp') return shapeOfRp(json.node);
  // oxd 4 omits what the provider omits.
  const members = Object.entries(json).filter(([name]) => !OF_PROVIDER.has(name));
  return Object.fromEntries(members.map(shapeOfProperty));
}

/** The wording of a parser depends on its version, and may quote the request. */
function shapeOfText(body: string): string {
  return body.replace(/(?<=^Invalid parameters\. Message: ).*$/s, '…');
}

function shapeOfMessage(message: unknown): unknown {
  return String(message).replace(/(?<=ID )[0-9a-f]{16}/, '…');
}

function shapeOfError({ error, error_description, ...members }: Members): unknown {
  const kinds = Object.entries(members).map(([name, value]) => [name, value && typeof value]);
  return {
    error,
    error_description: typeof error_description,
    ...(Object.fromEntries(kinds) as Members),
  };
}

function shapeOfProperty([name, value]: [string, unknown]): [string, unknown] {
  if (name === 'id_token_claims') return [name, typeof (value as Members).sub];
  return shapeOfMember([name, value]);
}

/** Properties that depend on what happened between the server and the provider. */
const OF_SERVER = /^(pat|oauth_token|rpt)(_|$)/;

function shapeOfRp(node: unknown): unknown {
  if (!isJsonObject(node)) return node;
  const members = Object.entries(node).filter(([name]) => !OF_SERVER.test(name));
  return Object.fromEntries(members.map(([name, value]) => [name, kindOf(value)]));
}

/** Type of a value; the items of a list have only types, because the sites differ. */
function kindOf(value: unknown): unknown {
  return Array.isArray(value) ? [...new Set(value.map(kindOf))] : typeof value;
}
