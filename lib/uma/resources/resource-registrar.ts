import type { OxdClient } from '../../oxd-client/oxd-client.js';
import type { UmaRsProtectParams } from '../../commands/uma.js';
import { OxdCommandError, OxdError } from '../../base/errors.js';
import type { OxdLog } from '../../base/log.js';
import { runOnce } from '../../store/distributed-lock.js';
import type { OxdStore } from '../../store/oxd-store.js';
import type { OxdVersion } from '../../commands/oxd-transport.js';
import { resourcesOf, type UmaDeclaration } from '../declarations/declaration.js';
import {
  differenceOf,
  isSame,
  listed,
  readRecord,
  recordKey,
  recordOf,
  UNCONFIRMED,
  type Difference,
  type RegisteredResources,
} from './registered-resources.js';

/**
 * What a second `uma_rs_protect` does: `upsert` changes what is named (embedded), `append` makes
 * duplicates (oxd 3.1.1 and 3.1.2), `refuse` answers `uma_protection_exists` (oxd from 3.1.3 on).
 */
export type ReprotectMode = 'upsert' | 'append' | 'refuse';

/** What the other side does with a second call. */
export function secondCallOf(version: OxdVersion): ReprotectMode {
  if (version === 'contract') return 'upsert';
  return version === '3.1.1' || version === '3.1.2' ? 'append' : 'refuse';
}

/** What a {@link ResourceRegistrar} needs. */
export interface RegistrarOptions {
  readonly client: OxdClient;
  readonly store: OxdStore;
  readonly log: OxdLog;
  readonly secondCall: ReprotectMode;
  /**
   * Other sites of the oxd-server may answer for this one: 3.1.1 has one list of resources for all
   * the sites that it has registered since its start.
   */
  readonly sharedList: boolean;
  /** Option `uma.overwrite`. */
  readonly overwrite: boolean;
}

/** How to register. */
export interface RegisterOptions {
  /** Whether a check has found a resource missing, whatever the record says. */
  readonly missing?: boolean;
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

type Declared = readonly UmaDeclaration[];

/** One registration under way. */
interface Run {
  readonly declared: Declared;
  readonly signal: AbortSignal;
  /** The site when the run began. */
  readonly oxd_id: string;
  /** Key of the site's record. */
  readonly key: string;
}

/** Longest time a registration may take, in milliseconds. */
const DEADLINE = 60_000;

/** Brings the resources of the site to what is declared, as far as it may without destroying any. */
export class ResourceRegistrar {
  private readonly told = new Set<string>();

  constructor(private readonly options: RegistrarOptions) {}

  /**
   * Registers what is declared; one replica at a time where the store has `add`.
   *
   * @throws {OxdError} what the store, the transport or the command raise
   */
  async register(
    declared: Declared,
    { missing = false, signal }: RegisterOptions = {},
  ): Promise<void> {
    const { client, store, secondCall } = this.options;
    const oxd_id = await client.oxdId();
    const key = recordKey(client.resourceOwner);
    await runOnce<RegisteredResources | true>({
      store,
      key: `${key}:lock`,
      deadline: DEADLINE,
      done: async () => {
        // The engine compares with what is really there, so it is always asked.
        if (secondCall === 'upsert' || missing) return undefined;
        const record = await this.recordOf(oxd_id);
        return record && isSame(differenceOf(declared, record)) ? record : undefined;
      },
      work: async (ending) => {
        const run = { declared, signal: ending, oxd_id, key };
        await this.bring(run, await this.recordOf(oxd_id));
        return true;
      },
      signal,
    });
  }

  /**
   * The record of the site; undefined if another site left it. At oxd-server resources belong to the
   * site, on embedded to its client: there the record of a given client counts for each of its sites,
   * as it does on 3.1.1, which has one list for all sites.
   */
  private async recordOf(oxd_id: string): Promise<RegisteredResources | undefined> {
    const { client, store, secondCall, sharedList } = this.options;
    const record = await readRecord(store, recordKey(client.resourceOwner));
    const isOfClient = client.hasGivenClient && (secondCall === 'upsert' || sharedList);
    return isOfClient || (record?.oxd_id ?? oxd_id) === oxd_id ? record : undefined;
  }

  private async bring(run: Run, found: RegisteredResources | undefined): Promise<void> {
    const { secondCall } = this.options;
    const record = found?.unconfirmed ? undefined : found;
    if (secondCall === 'upsert') return this.upsert(run, record);
    if (secondCall === 'append') return this.append(run, record, found?.unconfirmed);
    const difference = record && differenceOf(run.declared, record);
    if (!difference || isSame(difference)) return this.protectOnce(run);
    if (this.options.overwrite) return this.protect(run, { overwrite: true });
    this.warnNotApplied(difference);
  }

  private async upsert(run: Run, record?: RegisteredResources): Promise<void> {
    const { gone } = record ? differenceOf(run.declared, record) : { gone: [] };
    const overwrite = this.options.overwrite && gone.length > 0;
    await this.protect(run, { overwrite, before: overwrite ? undefined : record });
    if (gone.length === 0 || overwrite) return;
    this.tell(
      `Declared no longer, and still protected at the authorization server: ${gone.join(', ')}. ` +
        'uma.overwrite: true deletes them.',
    );
  }

  private async protectOnce(run: Run): Promise<void> {
    try {
      await this.protect(run);
    } catch (error) {
      if (wordOf(error) !== 'uma_protection_exists') throw error;
      if (this.options.overwrite) return this.protect(run, { overwrite: true });
      this.tell(
        'This site has protected resources before, which this store does not know. They are ' +
          `taken to be those that are declared: ${listed(run.declared)}. uma.overwrite: true ` +
          'replaces them; the policies attached to them are lost.',
      );
    }
  }

  private async append(run: Run, record?: RegisteredResources, unconfirmed = false): Promise<void> {
    if (record) return this.tellNotSent(differenceOf(run.declared, record));
    const { sharedList } = this.options;
    const known = await this.protectedOnes(run).catch((error: unknown) => {
      // oxd looks the resource up first: whatever failed after that, there is one.
      const isThere = sharedList && !unconfirmed && wordOf(error) === 'internal_error';
      throw isThere ? foreignResources(run.declared, error) : error;
    });
    if (known.length === 0) return this.protectFirst(run);
    const isOwn = unconfirmed && known.length === run.declared.length;
    if (sharedList && !isOwn) throw foreignResources(known);
    this.tell(
      'This site has protected resources before, which this store does not know. Nothing is ' +
        'sent: oxd up to 3.1.2 would register them a second time.',
    );
  }

  /**
   * Declarations that oxd already answers for: an earlier call got through without a reply, or
   * another site protects the same paths. A call protects all or none, so the first one is enough;
   * another site may share only some.
   */
  private async protectedOnes({ declared, signal }: Run): Promise<Declared> {
    const known: UmaDeclaration[] = [];
    for (const one of this.options.sharedList ? declared : declared.slice(0, 1)) {
      if (await this.isProtected(one, signal)) known.push(one);
    }
    return known;
  }

  private async isProtected(
    { path, http_method }: UmaDeclaration,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      const { client } = this.options;
      await client.execute('uma_rs_check_access', { path, http_method }, { signal });
      return true;
    } catch (error) {
      if (wordOf(error) === 'invalid_request') return false;
      throw error;
    }
  }

  /** With a mark in the store while the outcome is unknown: without one, a resource is another's. */
  private async protectFirst(run: Run): Promise<void> {
    const { store, sharedList } = this.options;
    if (sharedList) await store.set(run.key, { ...UNCONFIRMED, oxd_id: run.oxd_id });
    try {
      await this.protect(run);
    } catch (error) {
      if (sharedList && hasProtectedNothing(error)) await store.delete(run.key);
      throw error;
    }
  }

  private async protect(
    { declared, signal, key }: Run,
    { overwrite = false, before }: { overwrite?: boolean; before?: RegisteredResources } = {},
  ): Promise<void> {
    const { client, store } = this.options;
    const params: UmaRsProtectParams = {
      resources: resourcesOf(declared),
      ...(overwrite && { overwrite }),
    };
    const { oxd_id } = await client.execute('uma_rs_protect', params, { signal });
    // The site may have been registered anew on the way.
    await store.set(key, recordOf(oxd_id, declared, before));
  }

  private tellNotSent(difference: Difference): void {
    if (isSame(difference))
      this.tell('oxd misses a resource that it was sent; it is not sent again.');
    this.warnNotApplied(difference);
  }

  private warnNotApplied({ changed, gone }: Difference): void {
    if (changed.length > 0) {
      this.tell(
        `Not in effect, because oxd does not change what it has: ${listed(changed)}. ` +
          'uma.overwrite: true (oxd 3.1.3 and later) replaces everything; the policies attached ' +
          'to it are lost.',
      );
    }
    if (gone.length > 0) this.tell(`Declared no longer, and still protected: ${gone.join(', ')}.`);
  }

  /** Once: a request that finds a resource missing begins all this again. */
  private tell(message: string): void {
    if (this.told.has(message)) return;
    this.told.add(message);
    this.options.log.warn(message);
  }
}

/** oxd stores the resources of a call last: an error reply means that it has stored none. */
function hasProtectedNothing(error: unknown): boolean {
  return error instanceof OxdCommandError || (error instanceof OxdError && !error.mayHaveRun);
}

function foreignResources(declared: Declared, cause?: unknown): OxdCommandError {
  const what = cause === undefined ? listed(declared) : `one of ${listed(declared)}`;
  return new OxdCommandError(
    `uma_rs_protect was not sent: another application at this oxd-server protects ${what} ` +
      'already, and oxd 3.1.1 would let its RPTs in here. Run one application per oxd-server ' +
      '3.1.1, or a later version. After the loss of the store or of the storage of oxd-server ' +
      'clear both.',
    { error: 'uma_protection_exists' },
    { command: 'uma_rs_protect', cause },
  );
}

function wordOf(error: unknown): string | undefined {
  return error instanceof OxdCommandError ? error.error : undefined;
}
