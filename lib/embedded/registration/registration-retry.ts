import type { RejectedParameters, RejectedParameter } from './rejected-parameters.js';
import { ProviderResponseError } from '../requests/operation-error.js';
import { PAT_SCOPE, scopeName, withoutScope } from './scopes.js';

/** Parameters of a registration that a site can do without. */
const OPTIONAL = ['claims_redirect_uris', 'claims_redirect_uri'];

/** Descriptions of an unknown parameter; other descriptions are about the value of a parameter. */
const UNKNOWN =
  /(?:unrecogni[sz]ed|unknown|unsupported) (?:field|member|metadata|param|property|key)|not (?:recogni[sz]ed|supported)/i;

/**
 * Description of rejected client scopes by Keycloak, which uses the same error code for every
 * policy.
 */
const KEYCLOAK_SCOPES = /client ?scope/i;

/** Examined part of a description, in characters. */
const MAX_DESCRIPTION = 4096;

/** Body of a registration request, and the server that receives it. */
export interface RegistrationBody {
  /** Issuer of the server. */
  readonly server: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly rejections: RejectedParameters;
}

type Body = RegistrationBody['metadata'];
type Send<T> = (body: Body) => Promise<T>;

/**
 * Sends a registration without the parameters that its server has rejected as unknown, and again if
 * the server rejects another one. By RFC 7591 §2 a server ignores unknown parameters; Keycloak
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
    const { server, rejections } = request;
    rejections.add({ server, what }, 'The server rejects registrations with this parameter.');
    return retryWithoutRejected(request, send);
  }
}

/** Metadata of the request without the parameters that the server is known to reject. */
function bodyOf({ server, metadata, rejections }: RegistrationBody): Body {
  const { scope, ...others } = Object.fromEntries(
    Object.entries(metadata).filter(([what]) => !rejections.has({ server, what })),
  );
  if (typeof scope !== 'string' || !rejections.has(patScopeAt(server))) return { ...others, scope };
  return { ...others, scope: withoutScope(scope, PAT_SCOPE) || undefined };
}

async function withFewerScopes<T>(
  request: RegistrationBody,
  send: Send<T>,
  rejection: ProviderResponseError,
): Promise<T> {
  const { server, metadata, rejections } = request;
  const { scope, ...others } = metadata;
  const reduced = withoutScope(String(scope), PAT_SCOPE);
  if (reduced !== scope) {
    return withoutPatScope(
      { ...request, metadata: { ...others, scope: reduced || undefined } },
      send,
    );
  }
  // RFC 7591 has no error code for scopes: a description does not prove which scope was rejected.
  if (rejection.error === 'invalid_client_metadata') throw rejection;
  rejections.warn({ server, what: 'scope' }, 'The server rejects registrations with these scopes.');
  return retryWithoutRejected({ ...request, metadata: others }, send);
}

/** Success proves that `uma_protection` was rejected only if the other scopes were registered. */
async function withoutPatScope<T>(request: RegistrationBody, send: Send<T>): Promise<T> {
  const { server, metadata, rejections } = request;
  let registered: unknown;
  const result = await retryWithoutRejected(request, (body) => {
    registered = body.scope;
    return send(body);
  });
  if (registered === metadata.scope) {
    rejections.add(patScopeAt(server), 'The server rejects registrations with this scope.');
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

/** Parameter that the error response names; Keycloak does so in `error`. */
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
