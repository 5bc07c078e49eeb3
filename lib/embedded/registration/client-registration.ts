import { isDeepStrictEqual } from 'node:util';
import type { CommandCall } from '../requests/command-call.js';
import { ProviderResponseError, OperationError } from '../requests/operation-error.js';
import { retryWithoutRejected, type RegistrationBody } from './registration-retry.js';
import { RECORD_NAMES, clientRecord, type ClientRecord } from './site-record.js';
import { objectOf, textOf, type JsonObject } from '../requests/json.js';

/** A request for dynamic registration. */
export interface RegistrationRequest extends RegistrationBody {
  /** `registration_endpoint` of the provider. */
  readonly endpoint: string | undefined;
  readonly initialAccessToken?: string;
}

/**
 * Registers a client, without what its provider refuses and it can do without.
 *
 * @throws {OperationError} if the provider cannot register, returns no credentials, or rejects the
 *   registration with 401 or 403; its message names the options to change
 * @see RFC 7591 §3
 */
export async function registerClient(
  call: CommandCall,
  request: RegistrationRequest,
): Promise<ClientRecord> {
  const { endpoint, initialAccessToken } = request;
  if (!endpoint) {
    const message = 'The OpenID Provider registers no clients: give client_id and client_secret.';
    throw new OperationError('invalid_request', message);
  }
  const management = { method: 'POST', url: endpoint, token: initialAccessToken } as const;
  const registered = retryWithoutRejected(request, (body) =>
    call.changing(async () => {
      const answer = await send(call, { ...management, body });
      return withSecret({ ...unrepeated(body), ...clientRecord(answer) });
    }),
  );
  return registered.catch((error: unknown) => {
    throw withAdvice(error, initialAccessToken);
  });
}

/** RFC 7591 §3: an endpoint may demand an initial access token. */
function withAdvice(error: unknown, initialAccessToken?: string): unknown {
  const isDenied = error instanceof ProviderResponseError && [401, 403].includes(error.status);
  if (!isDenied) return error;
  const problem = initialAccessToken
    ? 'The OpenID Provider did not accept transport.initialAccessToken: set a valid one'
    : 'The OpenID Provider does not let this application register a client: set transport.initialAccessToken';
  const message = `${problem}, or create the client there and set site.client_id and site.client_secret.`;
  return new OperationError(error.error ?? 'internal_error', message, error);
}

/**
 * What the provider knows of a client, with what it does not repeat.
 *
 * @see RFC 7592 §2.1
 */
export async function readClient(call: CommandCall, client: ClientRecord): Promise<ClientRecord> {
  const answer = await send(call, { method: 'GET', ...managementOf(client) });
  return { ...client, ...sameClient(answer, client) };
}

/** A request for an update. */
export interface UpdateRequest extends RegistrationBody {
  /** Members that the client is to lose, with their values. */
  readonly lost: readonly (readonly [name: string, value: unknown])[];
}

/** A client after its update. */
export interface UpdatedClient {
  readonly client: ClientRecord;
  /** What it was to lose and has not: not every provider takes an omission for that (Keycloak). */
  readonly kept: readonly string[];
}

/**
 * Replaces the metadata of a client, without what its provider refuses and it can do without.
 *
 * @throws {OperationError} `invalid_registration_client_url`
 * @see RFC 7592 §2.2
 */
export async function updateClient(
  call: CommandCall,
  client: ClientRecord,
  request: UpdateRequest,
): Promise<UpdatedClient> {
  const { client_id } = client;
  const management = managementOf(client);
  return retryWithoutRejected(request, (metadata) =>
    call.changing(async () => {
      const body = { ...metadata, client_id };
      const answer = await send(call, { method: 'PUT', ...management, body });
      const updated = { ...client, ...unrepeated(metadata), ...sameClient(answer, client) };
      const kept = request.lost.filter(([name, value]) => isDeepStrictEqual(answer?.[name], value));
      return { client: updated, kept: kept.map(([name]) => name) };
    }),
  );
}

/** What the engine goes by, and some providers do not repeat. */
function unrepeated(metadata: Readonly<Record<string, unknown>>): Partial<ClientRecord> {
  const told = Object.values(RECORD_NAMES).filter((name) => typeof metadata[name] === 'string');
  return Object.fromEntries(told.map((name) => [name, metadata[name]]));
}

/**
 * Deletes a client.
 *
 * @see RFC 7592 §2.3
 */
export async function deleteClient(call: CommandCall, client: ClientRecord): Promise<void> {
  const management = managementOf(client);
  await call.changing(() => send(call, { method: 'DELETE', ...management }));
}

interface ManagementRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly token?: string;
  readonly body?: object;
}

async function send(
  call: CommandCall,
  { method, url, token, body }: ManagementRequest,
): Promise<JsonObject | undefined> {
  const response = await call.fetch(url, {
    method,
    headers: {
      accept: 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    body: body && JSON.stringify(body),
  });
  const answer = objectOf(await response.json().catch(() => undefined));
  if (response.ok && (answer !== undefined || method === 'DELETE')) return answer;
  const { error, error_description } = answer ?? {};
  const word = textOf(error) ?? (response.status === 401 ? 'invalid_token' : undefined);
  throw new ProviderResponseError(response.status, word, textOf(error_description));
}

function managementOf(client: ClientRecord): { url: string; token?: string } {
  const { registration_client_uri: url, registration_access_token: token } = client;
  if (url && URL.canParse(url)) return { url, token };
  throw new OperationError(
    'invalid_registration_client_url',
    'The registration of this client cannot be changed: its registration client URI is unknown.',
  );
}

function sameClient(answer: unknown, { client_id }: ClientRecord): ClientRecord {
  const record = clientRecord(answer);
  if (record.client_id === client_id) return record;
  throw new OperationError(
    'no_client_id_returned',
    'The OpenID Provider answered for another client.',
  );
}

function withSecret(client: ClientRecord): ClientRecord {
  if (client.client_secret || client.token_endpoint_auth_method === 'none') return client;
  throw new OperationError(
    'no_client_secret_returned',
    'The OpenID Provider returned no client_secret.',
  );
}
