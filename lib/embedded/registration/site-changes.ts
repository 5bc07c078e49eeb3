import type { RegisterSiteParams, UpdateSiteParams } from '../../commands/registration.js';
import type { SiteMetadata } from '../../site/site-metadata.js';
import { SITE_PARAMETERS } from '../../site/site-parameters.js';
import { OperationError } from '../requests/operation-error.js';
import { RECORD_NAMES, type ClientRecord, type RegisteredSite } from './site-record.js';
import type { NewSite } from './sites.js';

/** What of the params describes the site itself. */
export function siteMetadata(params: SiteMetadata): SiteMetadata {
  return Object.fromEntries(Object.entries(params).filter(([name]) => name in SITE_PARAMETERS));
}

/**
 * A site with what the params of `update_site` change; what they do not name stays. Keys displace
 * their URL and the reverse: no client has both.
 *
 * @throws {OperationError} `bad_request` for a name that is no member of a site
 */
export function applyUpdate(record: RegisteredSite, params: UpdateSiteParams): RegisteredSite {
  const given = siteMetadata(params);
  const { remove = [] } = params;
  if (!remove.every((name) => Object.hasOwn(SITE_PARAMETERS, name))) {
    throw new OperationError('bad_request', 'remove: must list members of a site.');
  }
  const gone: (keyof SiteMetadata)[] = [
    ...remove,
    ...(given.jwks ? (['client_jwks_uri'] as const) : []),
    ...(given.client_jwks_uri ? (['jwks'] as const) : []),
  ];
  // What nobody asks for any more is for the provider to say again.
  const unasked = Object.entries(RECORD_NAMES)
    .filter(([name]) => gone.some((one) => one === name))
    .map(([, name]) => name);
  return {
    ...record,
    site: { ...without(record.site, gone), ...given },
    client: without(record.client, unasked) as ClientRecord,
  };
}

function without<T extends object>(members: T, names: readonly string[]): Partial<T> {
  const kept = Object.entries(members).filter(([name]) => !names.includes(name));
  return Object.fromEntries(kept) as Partial<T>;
}

/**
 * The site that the params of `register_site` describe, with the client they bring.
 *
 * @throws {OperationError} `invalid_client_id` or `invalid_client_secret` for half a client
 */
export function newSite(params: RegisterSiteParams): NewSite {
  const { op_host, op_discovery_path, op_configuration_endpoint } = params;
  const address = { op_host, op_discovery_path, op_configuration_endpoint };
  return { ...address, site: siteMetadata(params), given: givenClient(params) };
}

/**
 * A site with the given client that the params of `update_site` describe.
 *
 * @throws {OperationError} `invalid_client_id` for another client, `bad_request` for a registered one
 */
export function withGivenClient(record: RegisteredSite, params: UpdateSiteParams): RegisteredSite {
  if (record.registered) {
    throw new OperationError('bad_request', 'client_id: the client of this site was not given.');
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

/** Half of one is refused, as oxd 4.x does: oxd 3.x registers another client and says nothing. */
function givenClient(params: SiteMetadata & GivenClient): ClientRecord | undefined {
  const { client_id = '', client_secret = '' } = params;
  const { client_registration_access_token: token, client_registration_client_uri: uri } = params;
  if ([client_id, client_secret, token, uri].every(isBlank)) return undefined;
  if (isBlank(client_id)) throw missing('client_id');
  if (isBlank(client_secret)) throw missing('client_secret');
  return {
    client_id,
    client_secret,
    registration_access_token: token,
    registration_client_uri: uri,
    ...asked(params),
  };
}

function asked(site: SiteMetadata): Partial<ClientRecord> {
  const names = Object.entries(RECORD_NAMES) as [keyof typeof RECORD_NAMES, keyof ClientRecord][];
  return Object.fromEntries(names.map(([name, atProvider]) => [atProvider, site[name]]));
}

function isBlank(text = ''): boolean {
  return text.trim() === '';
}

function missing(name: 'client_id' | 'client_secret'): OperationError {
  const message = `${name}: must not be empty. client_id and client_secret go together.`;
  return new OperationError(`invalid_${name}`, message);
}
