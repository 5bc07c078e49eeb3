import { tokenKey } from '../../base/token-key.js';
import type { EmbeddedRuntime, OperationContext } from '../context/operation-context.js';
import type { RptContent, RptSnapshot, RptSnapshots, RptStatus } from '../context/rpt-snapshots.js';
import { ProtectionApi, type SiteAtServer } from '../protection-api/protection-api.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { locallyVerifiedRpt } from './local-verification.js';
import { introspectRpt } from './rpt-introspection.js';
import { coversResource, type NeededPermission } from './rpt-permissions.js';
import { rptSubject } from './rpt-subject.js';

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
  at: SiteAtServer,
  { rpt, needed }: CheckedRpt,
): Promise<RptContent | undefined> {
  const { rpts } = context.runtime.uma;
  const key = tokenKey(at.site, rpt);
  const grants = (snapshot: RptSnapshot): boolean =>
    mayGrant(rpts, snapshot, { site: at.site, needed });
  const earlier = rpts.cached(key);
  if (earlier && grants(earlier)) return contentOf(context, at, { rpt, key, snapshot: earlier });
  const running = rpts.inProgress(key);
  if (running) {
    const shared = await running;
    if (grants(shared)) return contentOf(context, at, { rpt, key, snapshot: shared });
    context.call.signal?.throwIfAborted();
  }
  const { localVerification } = context.runtime.options;
  const status = localVerification ? verifiedOrIntrospected : introspected;
  const fresh = await rpts.obtain(key, () => status(context, at, rpt));
  if (!coversResource(fresh.status, needed)) return undefined;
  return fresh.content ?? contentOf(context, at, { rpt, key, snapshot: fresh });
}

/**
 * Returns the content of an RPT from the cache, if it covers the needed permission and its user is
 * known; see {@link rptCoverage}.
 */
export function cachedCoverage(
  { uma: { rpts } }: EmbeddedRuntime,
  site: RegisteredSite,
  { rpt, needed }: CheckedRpt,
): RptContent | undefined {
  const snapshot = rpts.cached(tokenKey(site, rpt));
  return snapshot && mayGrant(rpts, snapshot, { site, needed }) ? snapshot.content : undefined;
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

async function verifiedOrIntrospected(
  context: OperationContext,
  at: SiteAtServer,
  rpt: string,
): Promise<RptStatus> {
  return (await locallyVerifiedRpt(context, at, rpt)) ?? introspected(context, at, rpt);
}

/**
 * State of an RPT now. An introspection has its own deadline: the check that began it may be aborted.
 */
function introspected(
  context: OperationContext,
  at: SiteAtServer,
  rpt: string,
): Promise<RptStatus> {
  const { clock, options } = context.runtime;
  // Twice the limit of a request, as for a whole check.
  const shared = context.detached({ deadline: clock() + 2 * options.timeout });
  return introspectRpt(shared, new ProtectionApi(shared, at.site, at.server), rpt);
}

interface Content {
  readonly rpt: string;
  readonly key: string;
  readonly snapshot: RptSnapshot;
}

async function contentOf(
  context: OperationContext,
  at: SiteAtServer,
  { rpt, key, snapshot }: Content,
): Promise<RptContent> {
  const { status: rptStatus } = snapshot;
  try {
    return (
      snapshot.content ??
      (await snapshot.determineUser(() => rptSubject(context, at, { rpt, key, rptStatus })))
    );
  } catch (error) {
    context.runtime.uma.rpts.clearRpt(key);
    throw error;
  }
}
