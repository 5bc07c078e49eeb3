import { isJsonObject, isNonEmptyString, withoutUndefined } from '../../base/json.js';
import type { ListedRp, RpRecord } from '../rp-record.js';

/**
 * Reads `node` of `get_rp`: a record, or a list of sites. The release of 3.1.4 lists plain ids. In 4.x
 * `redirect_uri` is the name of `authorization_redirect_uri`, and `logout_redirect_uris` replaces
 * `logout_redirect_uri`.
 *
 * @returns undefined for an invalid node
 */
export function readNode(node: unknown): RpRecord | readonly ListedRp[] | undefined {
  if (!Array.isArray(node)) return readRecord(node);
  const sites = node.map(readListed);
  return sites.every((site) => site !== undefined) ? sites : undefined;
}

function readRecord(node: unknown): RpRecord | undefined {
  if (!isJsonObject(node)) return undefined;
  const { redirect_uri, ...record } = withoutUndefined(node);
  const { oxd_id, op_host, authorization_redirect_uri = redirect_uri } = record;
  if (!isNonEmptyString(oxd_id) || typeof op_host !== 'string') return undefined;
  const [first] = Array.isArray(record.logout_redirect_uris) ? record.logout_redirect_uris : [];
  const { logout_redirect_uri = first as unknown } = record;
  return withoutUndefined({
    ...record,
    oxd_id,
    op_host,
    authorization_redirect_uri,
    logout_redirect_uri,
  }) as RpRecord;
}

function readListed(site: unknown): ListedRp | undefined {
  const { oxd_id, client_name } = isJsonObject(site) ? site : { oxd_id: site };
  if (!isNonEmptyString(oxd_id)) return undefined;
  return { oxd_id, ...(typeof client_name === 'string' && { client_name }) };
}
