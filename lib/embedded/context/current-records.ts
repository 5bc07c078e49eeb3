import { isDeepStrictEqual } from 'node:util';
import { whenAvailable, type Pending } from '../../base/pending.js';
import { statusOf } from '../requests/command-error.js';
import { OperationError } from '../requests/operation-error.js';
import { siteKey, type RegisteredSite } from '../registration/site-record.js';
import type { OperationContext } from './operation-context.js';

/** A site, and for some commands a resource of it, from copies in memory. */
export interface KnownRecords {
  readonly site: RegisteredSite;
}

/**
 * Runs work with records from memory. If a server rejects the work, another replica may have changed
 * the records, such as the secret of the client: they are read again, and if they differ, the work
 * runs once more.
 *
 * @param find returns the records from memory, or reads them
 */
export function withKnownRecords<K extends KnownRecords, T>(
  context: OperationContext,
  find: () => Pending<K>,
  work: (known: K) => Promise<T>,
): Promise<T> {
  const result = whenAvailable(find(), (known) =>
    work(known).catch(async (error: unknown) => {
      if (!isRejection(error)) throw error;
      dropCopies(context, known.site);
      const current = await find();
      if (isDeepStrictEqual(current, known)) throw error;
      return work(current);
    }),
  );
  return Promise.resolve(result);
}

/** Runs work with a site, see {@link withKnownRecords}. */
export function withKnownSite<T>(
  context: OperationContext,
  oxd_id: string | undefined,
  work: (site: RegisteredSite) => Promise<T>,
): Promise<T> {
  const find = () => whenAvailable(context.knownSite(oxd_id), (site) => ({ site }));
  return withKnownRecords(context, find, ({ site }) => work(site));
}

/** Drops the copies of a site and of its resources. */
export function dropCopies({ runtime: { sites, store } }: OperationContext, site: RegisteredSite) {
  store.drop(siteKey(site.oxd_id));
  store.drop(sites.resourcesKey(site));
}

/** True if a server does not know the client or the resource, or does not accept a request. */
function isRejection(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  const isUnknown = error instanceof OperationError && error.error === 'invalid_request';
  return isUnknown || (status >= 400 && status < 500);
}
