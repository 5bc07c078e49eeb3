import type { RejectedParameters, RejectedParameter } from './rejected-parameters.js';
import { ProviderResponseError } from '../requests/operation-error.js';
import { PAT_SCOPE, scopeName, withoutScope } from './scopes.js';

/** Parameters of a registration that a site can do without. */
const OPTIONAL = ['claims_redirect_uris', 'claims_redirect_uri'];

/** A server that returns this does not know the parameter; other descriptions are about its value. */
const UNKNOWN =
  /(?:unrecogni[sz]ed|unknown|unsupported) (?:field|member|metadata|param|property|key)|not (?:recogni[sz]ed|supported)/i;

/** Keycloak rejects client scopes with 403, whose error code it uses for every policy. */
const KEYCLOAK_SCOPES = /client ?scope/i;

/** No more of a description is examined, in characters. */
const MAX_DESCRIPTION = 4096;

/** A registration request, and to whom it goes. */
export interface RegistrationBody {
  /** Issuer of the server. */
  readonly server: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly leftOut: RejectedParameters;
}

type Body = RegistrationBody['metadata'];
type Send<T> = (body: Body) => Promise<T>;

/**
 * Sends a registration without the parameters that its server has rejected because it does not know
 * them; once more if the server rejects one now. RFC 7591 §2 would have it ignore them, Keycloak
 * returns 400. `uma_protection` is also omitted for the whole server once a registration has succeeded
 * without it; other scopes are omitted only from this registration, because Keycloak itself decides
 * which scopes a client gets, and rejects `openid`.
 */
export async function retryWithoutRejected<T>(
  request: RegistrationBody,
  send: Send<T>,
): Promise<T> {
  const body = bodyOf(request);
  try {
    return await send(body);
  } catch (error) {
    if (!(error instanceof ProviderResponseError)) throw error;
    if (body.scope !== undefined && isAboutScope(error)) {
      return withFewerScopes({ ...request, metadata: body }, send, error);
    }
    const what = unknownParameter(error, body);
    if (what === undefined) throw error;
    const { server, leftOut } = request;
    leftOut.add({ server, what }, 'It refuses a registration with this member.');
    return retryWithoutRejected(request, send);
  }
}

/** The request without what its server is known to reject. */
function bodyOf({ server, metadata, leftOut }: RegistrationBody): Body {
  const { scope, ...others } = Object.fromEntries(
    Object.entries(metadata).filter(([what]) => !leftOut.has({ server, what })),
  );
  if (typeof scope !== 'string' || !leftOut.has(patScopeAt(server))) return { ...others, scope };
  return { ...others, scope: withoutScope(scope, PAT_SCOPE) || undefined };
}

async function withFewerScopes<T>(
  request: RegistrationBody,
  send: Send<T>,
  rejection: ProviderResponseError,
): Promise<T> {
  const { server, metadata, leftOut } = request;
  const { scope, ...others } = metadata;
  const reduced = withoutScope(String(scope), PAT_SCOPE);
  if (reduced !== scope) {
    return withoutPatScope(
      { ...request, metadata: { ...others, scope: reduced || undefined } },
      send,
    );
  }
  // RFC 7591 has no error code for scopes: a text does not prove that the others are at fault.
  if (rejection.error === 'invalid_client_metadata') throw rejection;
  leftOut.tell({ server, what: 'scope' }, 'It refuses a registration with these scopes.');
  return retryWithoutRejected({ ...request, metadata: others }, send);
}

/** Success proves that the scope was at fault only if the other scopes were registered. */
async function withoutPatScope<T>(request: RegistrationBody, send: Send<T>): Promise<T> {
  const { server, metadata, leftOut } = request;
  let registered: unknown;
  const result = await retryWithoutRejected(request, (body) => {
    registered = body.scope;
    return send(body);
  });
  if (registered === metadata.scope) {
    leftOut.add(patScopeAt(server), 'It rejects a registration with this scope.');
  }
  return result;
}

function patScopeAt(server: string): RejectedParameter {
  return { server, what: scopeName(PAT_SCOPE) };
}

function isAboutScope({
  status,
  error = '',
  error_description = '',
}: ProviderResponseError): boolean {
  const text = error_description.slice(0, MAX_DESCRIPTION);
  if (status === 403) return error === 'insufficient_scope' && KEYCLOAK_SCOPES.test(text);
  if (status !== 400) return false;
  return /scope/.test(error) || (error === 'invalid_client_metadata' && /\bscopes?\b/i.test(text));
}

/** The parameter that a rejection names; Keycloak does so in `error`. */
function unknownParameter(
  { status, error = '', error_description = '' }: ProviderResponseError,
  body: Body,
): string | undefined {
  if (status !== 400) return undefined;
  const text = `${error} ${error_description}`.slice(0, MAX_DESCRIPTION);
  if (!UNKNOWN.test(text)) return undefined;
  const words = text.split(/\W+/);
  return OPTIONAL.find((name) => Object.hasOwn(body, name) && words.includes(name));
}
