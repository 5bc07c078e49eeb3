import { OxdConfigurationError, OxdStoreError, printable } from '../base/errors.js';
import { keyvIssues } from './keyv-check.js';
import type { OxdLog } from '../base/log.js';
import { SingleFlight } from '../base/single-flight.js';
import { probeStore } from './store-probe.js';
import { OxdStore } from './oxd-store.js';

/** Options of {@link GuardedStore}. */
export interface GuardedStoreOptions {
  /** Limit for each call, in milliseconds; default 2000. */
  readonly timeout?: number;
  /** Is told when the store is down at start-up. */
  readonly log: OxdLog;
  /** Closes the store; default nothing: the application closes a store that it made. */
  readonly close?: () => Promise<void>;
}

/**
 * The store as the library uses it: every call ends within a time limit, and every failure is an
 * {@link OxdStoreError}. Nothing is asked of a store that has not passed its probe. It has `add`
 * only where the store has it. A call that failed may have been carried out all the same.
 */
export class GuardedStore extends OxdStore {
  private readonly timeout: number;
  private readonly log: OxdLog;
  /** Closes the store if the module opened it. */
  readonly close: () => Promise<void>;
  private readonly probing = new SingleFlight<void>();
  private trusted = false;

  constructor(
    private readonly inner: OxdStore,
    { timeout = 2_000, log, close = async () => undefined }: GuardedStoreOptions,
  ) {
    super();
    this.timeout = timeout;
    this.log = log;
    this.close = close;
    if (inner.add) this.add = (key, value, ttl) => this.addOnce(key, value, ttl);
  }

  /**
   * Tries the store out at start-up. A store that is down is a warning: it is tried out again
   * before its first use.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when it does not behave as a store must
   */
  async probe(): Promise<void> {
    try {
      await this.tryOut();
    } catch (error) {
      if (error instanceof OxdConfigurationError) throw error;
      this.log.warn(
        `The store is down, it is tried again at every use. ${(error as Error).message}`,
      );
    }
  }

  async get(key: string): Promise<unknown> {
    return (await this.use('get', key, () => this.inner.get(key))) ?? undefined;
  }

  async set(key: string, value: unknown, ttl?: number): Promise<void> {
    const lifetime = ttl === undefined ? undefined : whole(ttl);
    const kept = await this.use('set', key, () => this.inner.set(key, value, lifetime));
    // A Keyv says so when its adapter refused.
    if (kept === false) throw new OxdStoreError('The store did not keep a value.');
  }

  async delete(key: string): Promise<boolean> {
    return statement('delete', await this.use('delete', key, () => this.inner.delete(key)));
  }

  private async addOnce(key: string, value: unknown, ttl: number): Promise<boolean> {
    const lifetime = whole(ttl);
    const added = await this.use('add', key, async () => this.inner.add?.(key, value, lifetime));
    return statement('add', added);
  }

  private async use<T>(call: string, key: string, work: () => Promise<T>): Promise<T> {
    if (!this.trusted) await this.probing.run('probe', () => this.tryOutInUse());
    return this.limited(call, work, key);
  }

  private async tryOutInUse(): Promise<void> {
    try {
      await this.tryOut();
    } catch (error) {
      if (!(error instanceof OxdConfigurationError)) throw error;
      throw new OxdStoreError(error.issues.join('\n'), { cause: error });
    }
  }

  private async tryOut(): Promise<void> {
    const issues = keyvIssues(this.inner);
    if (issues.length === 0) {
      issues.push(...(await this.limited('probe', () => probeStore(this.inner))));
    }
    if (issues.length > 0) throw new OxdConfigurationError(issues);
    this.trusted = true;
  }

  private async limited<T>(call: string, work: () => Promise<T>, key?: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new OxdStoreError(`no answer within ${this.timeout} ms`));
      }, this.timeout);
    });
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      throw unavailable(call, error, key);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Keyv takes a lifetime of 0 for "for ever", Redis takes whole numbers only. */
function whole(ttl: number): number {
  if (!Number.isFinite(ttl)) throw new OxdStoreError('A lifetime must be a finite number.');
  return Math.max(1, Math.ceil(ttl));
}

function statement(call: string, answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  throw new OxdStoreError(`The store did not answer ${call} with true or false.`);
}

/** The message of our own errors is ours; what a store says may quote keys and values. */
function unavailable(call: string, error: unknown, key?: string): OxdStoreError {
  const ours = error instanceof OxdStoreError;
  const cause = ours ? error.cause : error;
  const safe = cause === undefined ? undefined : clean(cause, key);
  const reason = ours ? error.message : safe?.message;
  return new OxdStoreError(`The store failed (${call}): ${reason ?? 'unknown reason'}`, {
    cause: safe,
  });
}

function clean(error: unknown, key = ''): Error {
  const { name = 'Error', code, message = '' } = Object(error) as Partial<NodeJS.ErrnoException>;
  // JSON.parse quotes the text that it could not read.
  const told = name === 'SyntaxError' ? 'a value in it is not JSON' : message;
  const text = key === '' ? told : told.replaceAll(key, '…');
  const safe = new Error(printable(text) || printable(String(code ?? 'unknown reason')));
  safe.name = printable(name);
  return code === undefined ? safe : Object.assign(safe, { code: printable(String(code)) });
}
