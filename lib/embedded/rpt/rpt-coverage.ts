import type { UmaPermission } from '../../commands/uma.js';
import type { EmbeddedRuntime, OperationContext } from '../context/operation-context.js';
import type { RptSnapshot, RptSnapshots, RptStatus } from '../context/rpt-snapshots.js';
import { ProtectionApi } from '../protection-api/protection-api.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { locallyVerifiedRpt } from './local-verification.js';
import { introspectRpt } from './rpt-introspection.js';
import { coversResource, type NeededPermission } from './rpt-permissions.js';
import { rptSubject } from './rpt-subject.js';

/** Content of an RPT that covers a resource. */
export interface RptCoverage {
  readonly permissions?: readonly UmaPermission[];
  /** User of the RPT, if it proves one. */
  readonly sub?: string;
}

/** RPT, and the permission that it needs. */
export interface CheckedRpt {
  readonly rpt: string;
  readonly needed: NeededPermission;
}

/**
 * Returns the content of an RPT if it covers the needed permission. Concurrent checks of an RPT share
 * one introspection, and later checks its result while it is cached. A result from before the check may
 * grant and never deny, because some servers upgrade an RPT in place.
 *
 * @returns undefined if an introspection that began after the check does not cover the permission
 * @throws {OperationError} when the state or the user of the RPT is unknown
 */
export async function rptCoverage(
  context: OperationContext,
  api: ProtectionApi,
  { rpt, needed }: CheckedRpt,
): Promise<RptCoverage | undefined> {
  const { rpts } = context.runtime.uma;
  const key = rpts.keyOf(api.site, rpt);
  const content = (snapshot: RptSnapshot) =>
    knownContent(snapshot) ?? contentOf(context, api, { rpt, key, snapshot });
  const grants = (snapshot: RptSnapshot): boolean =>
    mayGrant(rpts, snapshot, { site: api.site, needed });
  const earlier = rpts.cached(key);
  if (earlier && grants(earlier)) return content(earlier);
  const running = rpts.inProgress(key);
  if (running) {
    const shared = await running;
    if (grants(shared)) return content(shared);
    context.call.signal?.throwIfAborted();
  }
  const fresh = await rpts.obtain(key, () => currentStatus(context, api, rpt));
  return coversResource(fresh.status, needed) ? content(fresh) : undefined;
}

/**
 * Returns the content of an RPT from the cache, if it covers the needed permission and its user is
 * known; see {@link rptCoverage}.
 */
export function cachedCoverage(
  { uma: { rpts } }: EmbeddedRuntime,
  site: RegisteredSite,
  { rpt, needed }: CheckedRpt,
): RptCoverage | undefined {
  const snapshot = rpts.cached(rpts.keyOf(site, rpt));
  return snapshot && mayGrant(rpts, snapshot, { site, needed })
    ? knownContent(snapshot)
    : undefined;
}

/** True if an earlier introspection covers the permission, and nothing was cleared since. */
function mayGrant(
  rpts: RptSnapshots,
  snapshot: RptSnapshot,
  { site, needed }: { readonly site: RegisteredSite; readonly needed: NeededPermission },
): boolean {
  const { resource_id } = needed;
  return rpts.isCurrent(snapshot, site, resource_id) && coversResource(snapshot.status, needed);
}

/**
 * State of an RPT now. An introspection has its own deadline: the check that began it may be aborted.
 */
async function currentStatus(
  context: OperationContext,
  api: ProtectionApi,
  rpt: string,
): Promise<RptStatus> {
  const { clock, options } = context.runtime;
  const verified = options.localVerification && (await locallyVerifiedRpt(context, api, rpt));
  if (verified) return verified;
  // Twice the limit of a request, as for a whole check.
  const shared = context.detached({ deadline: clock() + 2 * options.timeout });
  return await introspectRpt(shared, new ProtectionApi(shared, api.site, api.server), rpt);
}

/** Content of an RPT whose user is known. */
function knownContent({ user, status }: RptSnapshot): RptCoverage | undefined {
  return user && { permissions: status.result.permissions, sub: user.sub };
}

interface Content {
  readonly rpt: string;
  readonly key: string;
  readonly snapshot: RptSnapshot;
}

async function contentOf(
  context: OperationContext,
  api: ProtectionApi,
  { rpt, key, snapshot }: Content,
): Promise<RptCoverage> {
  const { status: rptStatus } = snapshot;
  try {
    const user = await snapshot.determineUser(() => rptSubject(context, api, { rpt, rptStatus }));
    return { permissions: rptStatus.result.permissions, ...user };
  } catch (error) {
    context.runtime.uma.rpts.clearRpt(key);
    throw error;
  }
}
