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
  listOf,
  readRecord,
  recordKey,
  recordOf,
  UNCONFIRMED,
  type Difference,
  type RegisteredResources,
} from './registered-resources.js';

/**
 * Effect of a second `uma_rs_protect`: `upsert` changes the named resources (embedded), `append`
 * creates duplicates (oxd 3.1.1 and 3.1.2), `reject` returns `uma_protection_exists` (oxd 3.1.3 and
 * later).
 */
export type ReprotectMode = 'upsert' | 'append' | 'reject';

/** Effect of a second call on this version of oxd, or on embedded (`contract`). */
export function reprotectModeOf(version: OxdVersion): ReprotectMode {
  if (version === 'contract') return 'upsert';
  return version === '3.1.1' || version === '3.1.2' ? 'append' : 'reject';
}

/** Dependencies and options of a {@link ResourceRegistrar}. */
export interface RegistrarOptions {
  readonly client: OxdClient;
  readonly store: OxdStore;
  readonly log: OxdLog;
  readonly reprotectMode: ReprotectMode;
  /**
   * Other sites of the oxd-server may have protected the same paths: oxd 3.1.1 has one list of
   * resources for all sites that it has registered since its start.
   */
  readonly sharedList: boolean;
  /** Option `uma.overwrite`. */
  readonly overwrite: boolean;
}

/** Options of one registration. */
export interface RegisterOptions {
  /** Ignores the record: a check has found a resource missing. Default false. */
  readonly missing?: boolean;
  /** Cancels the registration. */
  readonly signal?: AbortSignal;
}

type Declarations = readonly UmaDeclaration[];

/** Registration in progress. */
interface Registration {
  readonly declared: Declarations;
  readonly signal: AbortSignal;
  /** Site at the start of the run. */
  readonly oxd_id: string;
  /** Store key of the record. */
  readonly key: string;
}

/** Time limit of a registration, in milliseconds. */
const REGISTRATION_TIMEOUT = 60_000;

/**
 * Registers the declared resources of the site; deletes or replaces others only with `overwrite`.
 */
export class ResourceRegistrar {
  private readonly logged = new Set<string>();

  constructor(private readonly options: RegistrarOptions) {}

  /**
   * Registers the declared resources; one replica at a time if the store has `add`.
   *
   * @throws {OxdError} the error of the store, the transport or the command
   */
  async register(
    declared: Declarations,
    { missing = false, signal }: RegisterOptions = {},
  ): Promise<void> {
    const { client, store, reprotectMode } = this.options;
    const oxd_id = await client.oxdId();
    const key = recordKey(client.resourceOwner);
    await runOnce<RegisteredResources | true>({
      store,
      key: `${key}:lock`,
      deadline: REGISTRATION_TIMEOUT,
      done: async () => {
        // Embedded compares with the actual resources, so its command is always sent.
        if (reprotectMode === 'upsert' || missing) return undefined;
        const record = await this.recordOf(oxd_id);
        return record && isSame(differenceOf(declared, record)) ? record : undefined;
      },
      work: async (ending) => {
        const run = { declared, signal: ending, oxd_id, key };
        await this.synchronize(run, await this.recordOf(oxd_id));
        return true;
      },
      signal,
    });
  }

  /**
   * Record of the site; undefined if another site wrote it. On oxd-server resources belong to the
   * site, on embedded to its client. So the record of a configured client counts for each of its
   * sites on embedded, and on oxd 3.1.1, which has one list for all sites.
   */
  private async recordOf(oxd_id: string): Promise<RegisteredResources | undefined> {
    const { client, store, reprotectMode, sharedList } = this.options;
    const record = await readRecord(store, recordKey(client.resourceOwner));
    const isOfClient = client.hasGivenClient && (reprotectMode === 'upsert' || sharedList);
    return isOfClient || (record?.oxd_id ?? oxd_id) === oxd_id ? record : undefined;
  }

  private async synchronize(
    run: Registration,
    found: RegisteredResources | undefined,
  ): Promise<void> {
    const { reprotectMode } = this.options;
    const record = found?.unconfirmed ? undefined : found;
    if (reprotectMode === 'upsert') return this.upsert(run, record);
    if (reprotectMode === 'append') return this.append(run, record, found?.unconfirmed);
    const difference = record && differenceOf(run.declared, record);
    if (!difference || isSame(difference)) return this.protectOnce(run);
    if (this.options.overwrite) return this.protect(run, { overwrite: true });
    this.warnNotApplied(difference);
  }

  private async upsert(run: Registration, record?: RegisteredResources): Promise<void> {
    const { undeclared } = record ? differenceOf(run.declared, record) : { undeclared: [] };
    const overwrite = this.options.overwrite && undeclared.length > 0;
    await this.protect(run, { overwrite, before: overwrite ? undefined : record });
    if (undeclared.length === 0 || overwrite) return;
    this.warnOnce(
      `Declared no longer, and still protected at the authorization server: ${undeclared.join(', ')}. ` +
        'uma.overwrite: true deletes them. If another application with the same client and store ' +
        'declares them, leave it false: give each application a client.',
    );
  }

  private async protectOnce(run: Registration): Promise<void> {
    try {
      await this.protect(run);
    } catch (error) {
      if (errorCodeOf(error) !== 'uma_protection_exists') throw error;
      if (this.options.overwrite) return this.protect(run, { overwrite: true });
      this.warnOnce(
        'This site has protected resources before, which this store does not know. They are ' +
          `assumed to be the declared ones: ${listOf(run.declared)}. uma.overwrite: true ` +
          'replaces them; the policies attached to them are lost.',
      );
    }
  }

  private async append(
    run: Registration,
    record?: RegisteredResources,
    unconfirmed = false,
  ): Promise<void> {
    if (record) return this.warnNotSent(differenceOf(run.declared, record));
    const { sharedList } = this.options;
    const known = await this.protectedDeclarations(run).catch((error: unknown) => {
      // oxd looks the resource up first, so a later failure means that the resource exists.
      const isRegistered = sharedList && !unconfirmed && errorCodeOf(error) === 'internal_error';
      throw isRegistered ? foreignResourcesError(run.declared, error) : error;
    });
    if (known.length === 0) return this.protectFirst(run);
    const isOwn = unconfirmed && known.length === run.declared.length;
    if (sharedList && !isOwn) throw foreignResourcesError(known);
    this.warnOnce(
      'This site has protected resources before, which this store does not know. Nothing is ' +
        'sent: oxd up to 3.1.2 would register them a second time.',
    );
  }

  /**
   * Declarations that oxd already protects: an earlier call succeeded without a reply, or another
   * site protects the same paths. One call protects all resources or none, so checking the first
   * suffices, except on 3.1.1, where another site may protect only some of them.
   */
  private async protectedDeclarations({ declared, signal }: Registration): Promise<Declarations> {
    const known: UmaDeclaration[] = [];
    for (const candidate of this.options.sharedList ? declared : declared.slice(0, 1)) {
      if (await this.isProtected(candidate, signal)) known.push(candidate);
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
      if (errorCodeOf(error) === 'invalid_request') return false;
      throw error;
    }
  }

  /** Marks the store while the outcome is unknown; an unmarked resource belongs to another site. */
  private async protectFirst(run: Registration): Promise<void> {
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
    { declared, signal, key }: Registration,
    { overwrite = false, before }: { overwrite?: boolean; before?: RegisteredResources } = {},
  ): Promise<void> {
    const { client, store } = this.options;
    const params: UmaRsProtectParams = {
      resources: resourcesOf(declared),
      ...(overwrite && { overwrite }),
    };
    const { oxd_id } = await client.execute('uma_rs_protect', params, { signal });
    // The client may have registered a new site during the call.
    await store.set(key, recordOf(oxd_id, declared, before));
  }

  private warnNotSent(difference: Difference): void {
    if (isSame(difference))
      this.warnOnce('oxd has lost a resource that was sent before; it is not sent again.');
    this.warnNotApplied(difference);
  }

  private warnNotApplied({ added, changed, undeclared }: Difference): void {
    if (added.length > 0) {
      this.warnOnce(
        `Not registered, because oxd does not add resources: ${listOf(added)}. ${REPLACES}`,
      );
    }
    if (changed.length > 0) {
      this.warnOnce(
        `Not in effect, because oxd does not change registered resources: ${listOf(changed)}. ` +
          REPLACES,
      );
    }
    if (undeclared.length > 0)
      this.warnOnce(`Declared no longer, and still protected: ${undeclared.join(', ')}.`);
  }

  /**
   * Logs each message once, because every request that finds a resource missing repeats the run.
   */
  private warnOnce(message: string): void {
    if (this.logged.has(message)) return;
    this.logged.add(message);
    this.options.log.warn(message);
  }
}

const REPLACES =
  'uma.overwrite: true (oxd 3.1.3 and later) replaces everything; the policies attached to it are lost.';

/** True if no resource was stored: oxd stores the resources of a call last, after every check. */
function hasProtectedNothing(error: unknown): boolean {
  return error instanceof OxdCommandError || (error instanceof OxdError && !error.mayHaveRun);
}

function foreignResourcesError(declared: Declarations, cause?: unknown): OxdCommandError {
  const what = cause === undefined ? listOf(declared) : `one of ${listOf(declared)}`;
  return new OxdCommandError(
    `uma_rs_protect was not sent: another application at this oxd-server protects ${what} ` +
      'already, and oxd 3.1.1 would accept its RPTs here. Run one application per oxd-server ' +
      '3.1.1, or use a later version. After a loss of the store or of the storage of oxd-server, ' +
      'clear both.',
    { error: 'uma_protection_exists' },
    { command: 'uma_rs_protect', cause },
  );
}

function errorCodeOf(error: unknown): string | undefined {
  return error instanceof OxdCommandError ? error.error : undefined;
}
