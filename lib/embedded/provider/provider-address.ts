import { withoutSlash } from '../../base/issuer.js';
import { OperationError } from '../requests/operation-error.js';

/** Address of a provider or authorization server. */
export interface ProviderAddress {
  /** URL of the provider, normally its issuer. */
  readonly op_host: string;
  /** Path between `op_host` and the discovery document. */
  readonly op_discovery_path?: string;
  /** URL of the discovery document, if `op_host` and the path do not lead to it. */
  readonly op_configuration_endpoint?: string;
}

/** URL of a discovery document: no fragment; a query applies to every document of the server. */
const CONFIGURATION = /^(https?:[^?#]*)\/\.well-known\/openid-configuration(\/?(?:\?[^#]*)?)$/;

/** Key of an address in maps: equal for equal addresses only. */
export function addressKey(address: ProviderAddress): string {
  const { op_host, op_discovery_path, op_configuration_endpoint } = address;
  return JSON.stringify([op_host, op_discovery_path, op_configuration_endpoint]);
}

/**
 * URL of a discovery document.
 *
 * @param document name of the document below `/.well-known/`
 * @throws {OperationError} `invalid_op_host`, `invalid_op_configuration_endpoint`, or `bad_request` for the
 *   path
 */
export function discoveryUrl(address: ProviderAddress, document = 'openid-configuration'): URL {
  const { op_host, op_configuration_endpoint: endpoint } = address;
  const host = URL.canParse(op_host) ? new URL(op_host) : undefined;
  if (!host || !/^https?:$/.test(host.protocol) || /[?#]/.test(op_host)) {
    throw new OperationError(
      'invalid_op_host',
      'op_host: must be the absolute URL of the provider.',
    );
  }
  const path = checkedPath(address);
  const [before, after] =
    endpoint === undefined
      ? [withoutSlash(`${withoutSlash(op_host)}${path}`), '']
      : partsOf(endpoint);
  return new URL(`${before}/.well-known/${document}${after}`);
}

function checkedPath({ op_discovery_path: path = '', op_configuration_endpoint }: ProviderAddress) {
  if (path !== '' && op_configuration_endpoint !== undefined) {
    const message = 'op_discovery_path: must be omitted if op_configuration_endpoint is set.';
    throw new OperationError('bad_request', message);
  }
  if (path === '' || /^\/[^?#]*$/.test(path)) return path;
  throw new OperationError('bad_request', 'op_discovery_path: must begin with "/" and be a path.');
}

/** Splits the URL of a discovery document at `/.well-known/` and the name of the document. */
function partsOf(endpoint: string): [before: string, after: string] {
  const [, before, after = ''] = CONFIGURATION.exec(endpoint) ?? [];
  if (before !== undefined && URL.canParse(endpoint)) return [before, after];
  throw new OperationError(
    'invalid_op_configuration_endpoint',
    'op_configuration_endpoint: must be an absolute URL that ends in /.well-known/openid-configuration.',
  );
}

/** Advice for an address without a discovery document, or with that of another issuer. */
const ADDRESS_ADVICE =
  'Set op_host to the issuer; for Keycloak it is the URL of the realm. If the document is at another ' +
  'URL, set op_configuration_endpoint.';

/**
 * Message for a failed request for a document; for a 4xx status with advice about the address.
 *
 * @param url URL of the document
 */
export function requestFailure(url: string, status = 0): string {
  const advice = status >= 400 && status < 500 ? ` ${ADDRESS_ADVICE}` : '';
  return `The document was requested from ${printedUrl(url)}.${advice}`;
}

/**
 * Message for a document whose issuer is not the expected one, with origin and path of both only.
 *
 * @see OpenID Connect Discovery §4.3
 */
export function issuerMismatch({ op_host }: ProviderAddress, issuer: string): string {
  return (
    `The issuer in the document is another one: ${printedUrl(issuer)} instead of ` +
    `${printedUrl(op_host)}. ${ADDRESS_ADVICE}`
  );
}

/** Origin and path of a URL: user info and query must not be logged. */
export function printedUrl(url: string): string {
  if (!URL.canParse(url)) return 'no URL';
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`.slice(0, 200);
}
