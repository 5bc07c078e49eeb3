import { isDeepStrictEqual } from 'node:util';
import { OxdTransportError } from '../../base/errors.js';
import type { Params } from '../../commands/command.js';
import type { EmbeddedRuntime, OperationContext } from '../context/operation-context.js';
import type { AdministeredResource } from '../context/resource-lookups.js';
import { ProtectionApi } from '../protection-api/protection-api.js';
import { isKeycloak } from '../provider/uma-discovery.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { OperationError } from '../requests/operation-error.js';
import type { CheckedResource, KnownResource } from './known-resource.js';
import { isRejectedResource, noSuchResource } from './named-resource.js';
import { isResourceId } from './resource-description.js';
import { ResourceRegistration } from './resource-registration.js';

type Check = Params<'uma_rs_check_access'>;

/** Site, and the name or id of a resource that an administrator made. */
export interface SoughtResource {
  readonly site: RegisteredSite;
  readonly name: string;
}

/** Returns the resource of an administrator from memory, see {@link withAdministeredResource}. */
export function administeredInMemory(
  { sites, uma }: EmbeddedRuntime,
  { oxd_id, resource = '', scopes = [] }: Check,
): KnownResource | undefined {
  const site = sites.inMemory(oxd_id);
  const found = site && uma.lookups.inMemory(uma.lookups.keyOf(site, resource));
  if (!found || (scopes.length === 0 && found.scopes.length > 0)) return undefined;
  return { site, resource: checked(found) };
}

/**
 * Looks up the resource of an administrator and runs work with it. If the authorization server rejects
 * the resource, it is looked up again, and the work runs once more with a changed one.
 *
 * @throws {OperationError} `invalid_resource` if there is no such resource, `invalid_scope` if the
 *   resource has scopes and the parameters name none, which would require any of them only
 * @throws {OxdTransportError} OXD_TRANSPORT_BUSY when too many look-ups wait
 */
export async function withAdministeredResource<T>(
  context: OperationContext,
  sought: SoughtResource,
  { scopes = [] }: Check,
  work: (resource: CheckedResource) => Promise<T>,
): Promise<T> {
  const { lookups } = context.runtime.uma;
  const run = (found: AdministeredResource): Promise<T> => {
    if (scopes.length === 0 && found.scopes.length > 0) throw scopesMissing();
    return work(checked(found));
  };
  const found = await lookedUp(context, sought);
  try {
    return await run(found);
  } catch (error) {
    const isLookedUpAgain =
      isRejectedResource(error) && lookups.reject(lookups.keyOf(sought.site, sought.name));
    if (!isLookedUpAgain) throw error;
    const current = await lookedUp(context, sought);
    if (isDeepStrictEqual(current, found)) throw error;
    return run(current);
  }
}

async function lookedUp(
  context: OperationContext,
  sought: SoughtResource,
): Promise<AdministeredResource> {
  const { clock, options, uma } = context.runtime;
  const { lookups } = uma;
  const found = await lookups.find(lookups.keyOf(sought.site, sought.name), () => {
    const shared = context.detached({ deadline: clock() + 2 * options.timeout });
    return queuedSearch(shared, sought);
  });
  if (found) return found;
  throw noSuchResource();
}

/** Searches through a queue: on some routes any client can cause look-ups. */
async function queuedSearch(
  context: OperationContext,
  { site, name }: SoughtResource,
): Promise<AdministeredResource | undefined> {
  const { runtime, call } = context;
  const api = new ProtectionApi(context, site, await context.umaServer(site));
  const key = api.server.issuer;
  const found = runtime.uma.searches.run({ key }, () => search(api, name));
  if (found) return found;
  const message = 'Too many requests wait for the look-up of a resource.';
  throw new OxdTransportError('OXD_TRANSPORT_BUSY', message, { command: call.command });
}

/** Only Keycloak filters by name: on another server every resource would have to be read. */
async function search(api: ProtectionApi, name: string): Promise<AdministeredResource | undefined> {
  const registration = new ResourceRegistration(api);
  const isByName = isKeycloak(api.server);
  const named = isByName ? await registration.find(name) : undefined;
  const mayBeId = isByName ? KEYCLOAK_ID.test(name) : isResourceId(name);
  return named ?? (mayBeId ? registration.findById(name) : undefined);
}

/** Keycloak rejects a URL with other characters. */
const KEYCLOAK_ID = /^[\w~-][\w.~-]{0,35}$/;

function checked({ id }: AdministeredResource): CheckedResource {
  return { id, scopes: [], isAdministered: true };
}

function scopesMissing(): OperationError {
  return new OperationError(
    'invalid_scope',
    'scopes: must not be omitted, because the resource has scopes at the authorization server.',
  );
}
