import type { Params, Result } from '../../commands/command.js';
import { checkSite } from '../registration/registration-metadata.js';
import { updateClient } from '../registration/client-registration.js';
import type { TokenEndpointAuthMethod } from '../../site/site-parameters.js';
import type { OperationContext, Operation } from '../context/operation-context.js';
import { applyUpdate, withGivenClient } from '../registration/site-changes.js';
import type { RegisteredSite } from '../registration/site-record.js';

/**
 * Changes the given parameters of a site, at the provider and then in the store. The request to the
 * provider contains all parameters, because the provider deletes omitted ones (RFC 7592);
 * parameters in `remove` are therefore omitted.
 *
 * With `client_id` the command replaces the stored data of a configured client and its site only.
 *
 * @see oxd command update_site; RFC 7592 §2.2
 */
export const updateSite: Operation<'update_site'> = async (context, params) => {
  const { sites } = context.runtime;
  if (params.client_id !== undefined) return replaceGivenClient(context, params);
  const before = await context.site(params.oxd_id);
  const record = applyUpdate(before, params);
  checkRecord(record);
  const { metadata } = await sites.describe(withAuthMethod(before));
  const request = await sites.describe(withAuthMethod(record));
  const removed = Object.entries(metadata).filter(
    ([name]) => !Object.hasOwn(request.metadata, name),
  );
  const update = { ...request, removed };
  const { client, remaining } = await updateClient(context.call, record.client, update);
  await sites.save({ ...record, client });
  context.runtime.uma.clearSite(record.oxd_id);
  if (remaining.length > 0) {
    const names = remaining.join(', ');
    context.log.warn(`update_site: the provider still has ${names}. Remove it at the provider.`);
  }
  return { oxd_id: record.oxd_id };
};

/** Updates the store only: a configured client is managed by the operator at the provider. */
async function replaceGivenClient(
  { runtime: { sites, uma } }: OperationContext,
  params: Params<'update_site'>,
): Promise<Result<'update_site'>> {
  const before = await sites.find(params.oxd_id);
  const record = withGivenClient(applyUpdate(before, params), params);
  checkRecord(record);
  await sites.save(record);
  uma.clearSite(record.oxd_id);
  return { oxd_id: record.oxd_id };
}

function checkRecord({ site, client, registered }: RegisteredSite): void {
  checkSite(registered ? site : { ...site, client_id: client.client_id });
}

/** Adds the current authentication method of the client, so that an update does not change it. */
function withAuthMethod(record: RegisteredSite): RegisteredSite {
  const { token_endpoint_auth_method } = record.client;
  const method = token_endpoint_auth_method as TokenEndpointAuthMethod | undefined;
  return { ...record, site: { client_token_endpoint_auth_method: method, ...record.site } };
}
