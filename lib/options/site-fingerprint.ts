import { createHash } from 'node:crypto';
import { transportSide, type OxdOptions } from './oxd.options.js';

/**
 * Returns the fingerprint of the site that the options describe: equal on all replicas of an
 * application, different for another site. The fingerprint separates the logins of several modules that
 * share a secret and a store: a login started at one provider must not be finished at another.
 *
 * @see RFC 9700 §4.4
 */
export function siteFingerprint({
  site,
  transport,
}: Pick<OxdOptions, 'site' | 'transport'>): string {
  const { op_host, op_discovery_path, op_configuration_endpoint } = site;
  const { authorization_redirect_uri, client_name, client_id, oxd_id } = site;
  const provider = [op_host, op_discovery_path, op_configuration_endpoint];
  const client = [authorization_redirect_uri, client_name, client_id, oxd_id];
  const identity = JSON.stringify([transportSide(transport), provider, client]);
  return createHash('sha256').update(identity).digest('base64url');
}
