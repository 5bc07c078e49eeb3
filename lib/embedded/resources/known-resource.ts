import type { Params } from '../../commands/command.js';
import { dropCopies, type KnownRecords } from '../context/current-records.js';
import type { EmbeddedRuntime, OperationContext } from '../context/operation-context.js';
import { NEVER_PROTECTED, notProtected } from './named-resource.js';
import { findResource, readResources, type ProtectedResource } from './resource-record.js';

/** Properties of a resource that a check needs. */
export interface CheckedResource extends Pick<
  ProtectedResource,
  'id' | 'scopes' | 'ticketScopes' | 'scope_expression'
> {
  /** True for a resource that an administrator made, found by its name or id. */
  readonly isAdministered?: true;
}

/** A resource to check with its site. */
export interface KnownResource extends KnownRecords {
  readonly resource: CheckedResource;
}

/** Parameters that name a resource. */
type Named = Pick<Params<'uma_rs_check_access'>, 'oxd_id' | 'path' | 'http_method'>;

/**
 * Returns a resource from the copies in memory; undefined if a copy is missing or older than 30 s, or
 * if it does not contain the resource. Reads no store.
 */
export function resourceInMemory(
  runtime: EmbeddedRuntime,
  named: Named,
): KnownResource | undefined {
  const copies = inMemory(runtime, named);
  return copies?.resource && { site: copies.site, resource: copies.resource };
}

/**
 * Returns a resource from the copies in memory, else from the store. Copies without the resource are
 * read again, because another replica may have registered it.
 *
 * @throws {OperationError} `invalid_request` if the resource is not protected, `bad_request`,
 *   `invalid_oxd_id`
 */
export function knownResource(
  context: OperationContext,
  named: Named,
): KnownResource | Promise<KnownResource> {
  const copies = inMemory(context.runtime, named);
  if (copies?.resource) return { site: copies.site, resource: copies.resource };
  if (copies) dropCopies(context, copies.site);
  return readResource(context, named);
}

async function readResource(context: OperationContext, named: Named): Promise<KnownResource> {
  const { runtime } = context;
  const site = await context.knownSite(named.oxd_id);
  const record = await runtime.store.record(runtime.sites.resourcesKey(site), readResources);
  const { path = '', http_method = '' } = named;
  const resource = findResource(record, path, http_method);
  if (!resource) throw notProtected(NEVER_PROTECTED);
  return { site, resource };
}

function inMemory(
  { sites, store }: EmbeddedRuntime,
  { oxd_id, path = '', http_method = '' }: Named,
) {
  const site = sites.inMemory(oxd_id);
  const record = site && store.inMemory(sites.resourcesKey(site), readResources);
  return record && { site, resource: findResource(record, path, http_method) };
}
