import type { RegisterSiteParams, UpdateSiteParams } from '../../commands/registration.js';
import type { SiteMetadata } from '../../site/site-parameters.js';
import { SITE_PARAMETERS } from '../../site/site-parameters.js';
import { OperationError } from '../requests/operation-error.js';
import { RECORD_NAMES, type ClientRecord, type RegisteredSite } from './site-record.js';
import type { NewSite } from './sites.js';

/** Parameters that describe the site itself. */
function siteMetadata(params: SiteMetadata): SiteMetadata {
  return Object.fromEntries(Object.entries(params).filter(([name]) => name in SITE_PARAMETERS));
}

/**
 * Applies the parameters of `update_site` to a site; omitted parameters stay unchanged. `jwks`
 * replaces `client_jwks_uri` and the reverse: no client has both.
 *
 * @throws {OperationError} `bad_request` if `remove` lists an unknown parameter
 */
export function applyUpdate(record: RegisteredSite, params: UpdateSiteParams): RegisteredSite {
  const given = siteMetadata(params);
  const { remove = [] } = params;
  if (!remove.every((name) => Object.hasOwn(SITE_PARAMETERS, name))) {
    throw new OperationError('bad_request', 'remove: must list site parameters only.');
  }
  const removed: (keyof SiteMetadata)[] = [
    ...remove,
    ...(given.jwks ? (['client_jwks_uri'] as const) : []),
    ...(given.client_jwks_uri ? (['jwks'] as const) : []),
  ];
  // Drops the stored value so that the next provider response sets it.
  const removedFromClient = RECORD_NAMES.filter(([name]) =>
    removed.some((one) => one === name),
  ).map(([, name]) => name);
  return {
    ...record,
    site: { ...without(record.site, removed), ...given },
    client: without(record.client, removedFromClient) as ClientRecord,
  };
}

function without<T extends object>(object: T, names: readonly string[]): Partial<T> {
  const others = Object.entries(object).filter(([name]) => !names.includes(name));
  return Object.fromEntries(others) as Partial<T>;
}

/**
 * Site that the parameters of `register_site` describe, with the given client if they contain one.
 *
 * @throws {OperationError} `invalid_client_id` or `invalid_client_secret` if the client lacks it
 */
export function newSite(params: RegisterSiteParams): NewSite {
  const { op_host, op_discovery_path, op_configuration_endpoint } = params;
  const address = { op_host, op_discovery_path, op_configuration_endpoint };
  return { ...address, site: siteMetadata(params), given: givenClient(params) };
}

/**
 * Replaces the credentials of a given client with those in the parameters of `update_site`.
 *
 * @throws {OperationError} `invalid_client_id` for another client, `bad_request` for a client that
 *   was registered dynamically
 */
export function withGivenClient(record: RegisteredSite, params: UpdateSiteParams): RegisteredSite {
  if (record.registered) {
    throw new OperationError(
      'bad_request',
      'client_id: the client of this site was registered dynamically.',
    );
  }
  const { client_id, client_secret } = params;
  const { client_registration_access_token, client_registration_client_uri } = params;
  if (client_id !== record.client.client_id) {
    throw new OperationError('invalid_client_id', 'client_id: the site has another client.');
  }
  const management = { client_registration_access_token, client_registration_client_uri };
  const given = givenClient({ ...record.site, client_id, client_secret, ...management });
  return { ...record, client: given ?? record.client };
}

type GivenClient = Pick<
  RegisterSiteParams,
  | 'client_id'
  | 'client_secret'
  | 'client_registration_access_token'
  | 'client_registration_client_uri'
>;

/**
 * Rejects a client without id, or without secret unless its authentication method is `none`. oxd 4.x
 * rejects both; oxd 3.x silently registers another client.
 */
function givenClient(params: SiteMetadata & GivenClient): ClientRecord | undefined {
  const { client_id = '', client_secret = '', client_token_endpoint_auth_method } = params;
  const { client_registration_access_token: token, client_registration_client_uri: uri } = params;
  if ([client_id, client_secret, token, uri].every(isBlank)) return undefined;
  if (isBlank(client_id)) throw missing('client_id');
  const isPublic = client_token_endpoint_auth_method === 'none';
  if (isBlank(client_secret) && !isPublic) throw missing('client_secret');
  return {
    client_id,
    client_secret: isBlank(client_secret) ? undefined : client_secret,
    registration_access_token: token,
    registration_client_uri: uri,
    ...requestedRecord(params),
  };
}

function requestedRecord(site: SiteMetadata): Partial<ClientRecord> {
  return Object.fromEntries(RECORD_NAMES.map(([name, atProvider]) => [atProvider, site[name]]));
}

function isBlank(text = ''): boolean {
  return text.trim() === '';
}

function missing(name: 'client_id' | 'client_secret'): OperationError {
  const message = `${name}: must not be empty. client_id and client_secret go together.`;
  return new OperationError(`invalid_${name}`, message);
}
