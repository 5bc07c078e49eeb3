import { within, type Release } from '../../base/oxd-releases.js';
import type { ProviderResponse } from '../../embedded/requests/provider-http.js';
import { isJsonObject, parseJson } from '../../base/json.js';
import { bare, ExactReply, wrapped } from './exact-reply.js';
import { textReply } from './dropwizard.js';
import { unexpected, type CommandFailure } from './reply.js';

/** Request to an authorization server, as far as the handling of its error response differs. */
export type ServerCall = 'resource' | 'introspection' | 'ticket';

/** `bare`: the response as it is; `wrapped`: inside a message; `hidden`: `internal_error`. */
type Form = 'bare' | 'wrapped' | 'hidden';

/** Form by status, or by the first digit of the status. */
type Forms = Readonly<Record<number, Form>> & { readonly 4: Form; readonly 5: Form };

/** Forms of 4.2, and those of 4.5. */
const FORMS: { readonly [C in ServerCall]: readonly [Forms, Forms] } = {
  resource: [
    { 4: 'bare', 5: 'bare' },
    { 4: 'wrapped', 5: 'bare' },
  ],
  introspection: [
    { 4: 'wrapped', 5: 'wrapped' },
    { 4: 'wrapped', 5: 'bare' },
  ],
  ticket: [
    { 4: 'hidden', 5: 'hidden' },
    { 4: 'hidden', 403: 'wrapped', 404: 'wrapped', 5: 'hidden' },
  ],
};

/** Failure of oxd 4 for an error response of an authorization server. */
export function passedOn(
  release: Release,
  call: ServerCall,
  { status, text }: ProviderResponse,
): CommandFailure {
  const forms = FORMS[call][within(release, { since: '4.5' }) ? 1 : 0];
  const form = forms[status] ?? forms[status < 500 ? 4 : 5];
  if (form === 'hidden') return unexpected();
  return form === 'bare' ? bare(status, text) : wrapped(status, text);
}

/** Errors of the token endpoint that oxd 4 replies to with status 400; others are 403. */
const STATUS_400 = new Set(['invalid_ticket', 'invalid_claim_token_format']);

/** Properties of an error response of the token endpoint that oxd 4 passes on. */
const PASSED_ON = ['error', 'required_claims', 'redirect_user', 'ticket'];

/**
 * Failure of oxd 4 for a response of the token endpoint for RPTs. Its status is lost if the response is
 * JSON; a response without JSON is returned with its status, even if that is 200.
 */
export function tokenEndpointFailure({ status, text }: ProviderResponse): ExactReply {
  const properties = parseJson(text);
  if (!isJsonObject(properties)) return wrapped(status, text);
  const known = PASSED_ON.map((name) => [name, properties[name]] as const).filter(
    ([, value]) => value !== undefined && value !== null && [value].flat().length > 0,
  );
  const body = JSON.stringify(Object.fromEntries(known));
  return new ExactReply(textReply(STATUS_400.has(String(properties.error)) ? 400 : 403, body));
}
