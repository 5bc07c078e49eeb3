import { isDeepStrictEqual } from 'node:util';
import type { CommandCall } from '../requests/command-call.js';
import { ProviderResponseError, OperationError } from '../requests/operation-error.js';
import { retryWithoutRejected, type RegistrationBody } from './registration-retry.js';
import { RECORD_NAMES, clientRecord, type ClientRecord } from './site-record.js';
import { objectOf, textOf, type JsonObject } from '../../base/json.js';

/** Request for dynamic registration. */
export interface RegistrationRequest extends RegistrationBody {
  /** `registration_endpoint` of the provider. */
  readonly endpoint: string | undefined;
  readonly initialAccessToken?: string;
}

/**
 * Registers a client, if necessary without optional parameters that the provider rejects.
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
    const message =
      'The OpenID Provider has no registration endpoint: set client_id and client_secret.';
    throw new OperationError('invalid_request', message);
  }
  const management = { method: 'POST', url: endpoint, token: initialAccessToken } as const;
  const registered = retryWithoutRejected(request, (body) =>
    call.changing(async () => {
      const response = await send(call, { ...management, body });
      return withSecret({ ...sentRecord(body), ...clientRecord(response) });
    }),
  );
  return registered.catch((error: unknown) => {
    throw withAdvice(error, initialAccessToken);
  });
}

/**
 * Advises to set an initial access token, which a registration endpoint may require (RFC 7591 §3).
 */
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
 * Reads the registration of a client; values that the provider does not return stay as they are.
 *
 * @see RFC 7592 §2.1
 */
export async function readClient(call: CommandCall, client: ClientRecord): Promise<ClientRecord> {
  const response = await send(call, { method: 'GET', ...managementOf(client) });
  return { ...client, ...sameClient(response, client) };
}

/** Request to update a registration. */
export interface UpdateRequest extends RegistrationBody {
  /** Parameters to remove from the client, with their current values. */
  readonly removed: readonly (readonly [name: string, value: unknown])[];
}

/** Client after an update. */
export interface UpdatedClient {
  readonly client: ClientRecord;
  /** Parameters that the provider did not remove: Keycloak keeps those that a request omits. */
  readonly remaining: readonly string[];
}

/**
 * Replaces the metadata of a client, if necessary without optional parameters that the provider
 * rejects.
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
      const response = await send(call, { method: 'PUT', ...management, body });
      const updated = { ...client, ...sentRecord(metadata), ...sameClient(response, client) };
      const remaining = request.removed.filter(([name, value]) =>
        isDeepStrictEqual(response?.[name], value),
      );
      return { client: updated, remaining: remaining.map(([name]) => name) };
    }),
  );
}

/** Sent values that the transport needs, because some providers do not return them. */
function sentRecord(metadata: Readonly<Record<string, unknown>>): Partial<ClientRecord> {
  const sent = RECORD_NAMES.map(([, name]) => [name, metadata[name]]);
  return Object.fromEntries(sent.filter(([, value]) => typeof value === 'string'));
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
  const received = await call.fetch(url, {
    method,
    headers: {
      accept: 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    body: body && JSON.stringify(body),
  });
  const response = objectOf(await received.json().catch(() => undefined));
  if (received.ok && (response !== undefined || method === 'DELETE')) return response;
  const { error, error_description } = response ?? {};
  const code = textOf(error) ?? (received.status === 401 ? 'invalid_token' : undefined);
  throw new ProviderResponseError(received.status, code, textOf(error_description));
}

function managementOf(client: ClientRecord): { url: string; token?: string } {
  const { registration_client_uri: url, registration_access_token: token } = client;
  if (url && URL.canParse(url)) return { url, token };
  throw new OperationError(
    'invalid_registration_client_url',
    'The registration of this client cannot be changed: its registration client URI is unknown.',
  );
}

function sameClient(response: unknown, { client_id }: ClientRecord): ClientRecord {
  const record = clientRecord(response);
  if (record.client_id === client_id) return record;
  throw new OperationError(
    'no_client_id_returned',
    'The OpenID Provider returned the registration of another client.',
  );
}

function withSecret(client: ClientRecord): ClientRecord {
  if (client.client_secret || client.token_endpoint_auth_method === 'none') return client;
  throw new OperationError(
    'no_client_secret_returned',
    'The OpenID Provider returned no client_secret.',
  );
}
