import type { OxdClient } from '../commands/oxd-client.js';
import type { UmaRsProtectParams } from '../commands/uma.js';
import { OxdCommandError } from '../errors.js';
import type { OxdLog } from '../log.js';
import { once } from '../store-lock.js';
import type { OxdStore } from '../store.js';
import type { OxdVersion } from '../transport/transport.js';
import { resourcesOf, type UmaDeclaration } from './declaration.js';
import {
  differenceOf,
  isSame,
  listed,
  readRecord,
  recordKey,
  recordOf,
  type Difference,
  type ProtectionRecord,
} from './protection-record.js';

/**
 * What a second `uma_rs_protect` does: `upsert` changes what is named (embedded), `append` makes
 * duplicates (oxd 3.1.1 and 3.1.2), `refuse` answers `uma_protection_exists` (oxd from 3.1.3 on).
 */
export type SecondCall = 'upsert' | 'append' | 'refuse';

/** What the other side does with a second call. */
export function secondCallOf(version: OxdVersion): SecondCall {
  if (version === 'contract') return 'upsert';
  return version === '3.1.1' || version === '3.1.2' ? 'append' : 'refuse';
}

/** What a {@link ResourceRegistrar} needs. */
export interface RegistrarOptions {
  readonly client: OxdClient;
  readonly store: OxdStore;
  readonly log: OxdLog;
  readonly secondCall: SecondCall;
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
    const key = recordKey(await client.oxdId());
    await once<ProtectionRecord | true>({
      store,
      key: `${key}:lock`,
      deadline: DEADLINE,
      done: async () => {
        // The engine compares with what is really there, so it is always asked.
        if (secondCall === 'upsert' || missing) return undefined;
        const record = await readRecord(store, key);
        return record && isSame(differenceOf(declared, record)) ? record : undefined;
      },
      work: async (ending) => {
        const record = await readRecord(store, key);
        await this.bring({ declared, signal: ending }, record);
        return true;
      },
      signal,
    });
  }

  private async bring(run: Run, record: ProtectionRecord | undefined): Promise<void> {
    const { secondCall } = this.options;
    if (secondCall === 'upsert') return this.upsert(run, record);
    if (secondCall === 'append') return this.append(run, record);
    const difference = record && differenceOf(run.declared, record);
    if (!difference || isSame(difference)) return this.protectOnce(run);
    if (this.options.overwrite) return this.protect(run, { overwrite: true });
    this.tellNotInEffect(difference);
  }

  private async upsert(run: Run, record?: ProtectionRecord): Promise<void> {
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

  private async append(run: Run, record?: ProtectionRecord): Promise<void> {
    if (record) return this.tellNotSent(differenceOf(run.declared, record));
    if (!(await this.isProtected(run))) return this.protect(run);
    this.tell(
      'This site has protected resources before, which this store does not know. Nothing is ' +
        'sent: oxd up to 3.1.2 would register them a second time.',
    );
  }

  /** Whether an earlier call got through of which no answer arrived. */
  private async isProtected({ declared: [first], signal }: Run): Promise<boolean> {
    try {
      const { path = '', http_method = '' } = first ?? {};
      const { client } = this.options;
      await client.execute('uma_rs_check_access', { path, http_method }, { signal });
      return true;
    } catch (error) {
      if (wordOf(error) === 'invalid_request') return false;
      throw error;
    }
  }

  private async protect(
    { declared, signal }: Run,
    { overwrite = false, before }: { overwrite?: boolean; before?: ProtectionRecord } = {},
  ): Promise<void> {
    const { client, store } = this.options;
    const params: UmaRsProtectParams = {
      resources: resourcesOf(declared),
      ...(overwrite && { overwrite }),
    };
    const { oxd_id } = await client.execute('uma_rs_protect', params, { signal });
    // The site may have been registered anew on the way.
    await store.set(recordKey(oxd_id), recordOf(declared, before));
  }

  private tellNotSent(difference: Difference): void {
    if (isSame(difference))
      this.tell('oxd misses a resource that it was sent; it is not sent again.');
    this.tellNotInEffect(difference);
  }

  private tellNotInEffect({ changed, gone }: Difference): void {
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

function wordOf(error: unknown): string | undefined {
  return error instanceof OxdCommandError ? error.error : undefined;
}
