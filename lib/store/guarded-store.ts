import { OxdConfigurationError, OxdStoreError, printable } from '../base/errors.js';
import { keyvIssues } from './keyv-check.js';
import type { OxdLog } from '../base/log.js';
import { SingleFlight } from '../base/single-flight.js';
import { startTimeLimit, SYSTEM_TIMERS, type TimeLimit, type Timers } from '../base/time-limit.js';
import { probeStore } from './store-probe.js';
import { OxdStore } from './oxd-store.js';

/** Options of {@link GuardedStore}. */
export interface GuardedStoreOptions {
  /** Time limit of each call, in milliseconds; default 2000. */
  readonly timeout?: number;
  /** Timers of the time limit; default those of this machine. */
  readonly timers?: Timers;
  /** Logger; gets a warning when the store is unavailable at start-up. */
  readonly log: OxdLog;
  /** Closes the store; default none, because the application closes a store that it created. */
  readonly close?: () => Promise<void>;
}

/**
 * Wrapper of the store of the application: every call ends within a time limit, and every failure
 * is an {@link OxdStoreError}. No call reaches a store that has not passed its probe. `add` exists
 * only if the wrapped store has `add`. A failed call may have taken effect nevertheless.
 */
export class GuardedStore extends OxdStore {
  /** `#` instead of `private`, because a printed store may show its values. */
  readonly #inner: OxdStore;
  private readonly limit: TimeLimit;
  private readonly log: OxdLog;
  /** Closes the store if the module opened it. */
  readonly close: () => Promise<void>;
  private readonly probing = new SingleFlight<void>();
  private hasPassed = false;

  constructor(
    inner: OxdStore,
    {
      timeout = 2_000,
      timers = SYSTEM_TIMERS,
      log,
      close = async () => undefined,
    }: GuardedStoreOptions,
  ) {
    super();
    this.#inner = inner;
    const error = () => new OxdStoreError(`no result within ${timeout} ms`);
    this.limit = { timers, milliseconds: timeout, error };
    this.log = log;
    this.close = close;
    if (inner.add) this.add = (key, value, ttl) => this.addOnce(key, value, ttl);
  }

  /**
   * Probes the store at start-up. If the store is unavailable, logs a warning and probes the store
   * again before its first use.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the store violates the contract
   *   of {@link OxdStore}
   */
  async probe(): Promise<void> {
    try {
      await this.runProbe();
    } catch (error) {
      if (error instanceof OxdConfigurationError) throw error;
      this.log.warn(`The store is unavailable; each use tries again. ${(error as Error).message}`);
    }
  }

  async get(key: string): Promise<unknown> {
    return (await this.use('get', key, () => this.#inner.get(key))) ?? undefined;
  }

  async set(key: string, value: unknown, ttl?: number): Promise<void> {
    const lifetime = ttl === undefined ? undefined : toWholeLifetime(ttl);
    const stored = await this.use('set', key, () => this.#inner.set(key, value, lifetime));
    // A Keyv returns false when its adapter rejected the value.
    if (stored === false) throw new OxdStoreError('The store did not persist a value.');
  }

  async delete(key: string): Promise<boolean> {
    const existed: unknown = await this.use('delete', key, () => this.#inner.delete(key));
    if (typeof existed === 'boolean') return existed;
    throw noBoolean('delete');
  }

  private async addOnce(key: string, value: unknown, ttl: number): Promise<boolean> {
    const lifetime = toWholeLifetime(ttl);
    const added = await this.use('add', key, async () => this.#inner.add?.(key, value, lifetime));
    if (typeof added === 'boolean') return added;
    throw noBoolean('add');
  }

  private async probeBeforeUse(): Promise<void> {
    try {
      await this.runProbe();
    } catch (error) {
      if (!(error instanceof OxdConfigurationError)) throw error;
      throw new OxdStoreError(error.issues.join('\n'), { cause: error });
    }
  }

  private async runProbe(): Promise<void> {
    const issues = keyvIssues(this.#inner);
    if (issues.length === 0) {
      issues.push(...(await this.use('probe', undefined, () => probeStore(this.#inner))));
    }
    if (issues.length > 0) throw new OxdConfigurationError(issues);
    this.hasPassed = true;
  }

  /** Runs a call within the time limit; every call but the probe requires a store that has passed it. */
  private async use<T>(call: string, key: string | undefined, work: () => Promise<T>): Promise<T> {
    if (!this.hasPassed && call !== 'probe') {
      await this.probing.run('probe', () => this.probeBeforeUse());
    }
    let stop = (): void => undefined;
    const timeout = new Promise<never>((_, reject) => {
      stop = startTimeLimit(this.limit, reject);
    });
    try {
      return await Promise.race([work(), timeout]);
    } catch (error) {
      throw unavailable(call, error, key);
    } finally {
      stop();
    }
  }
}

/**
 * Rounds up to at least 1: Keyv stores a value with lifetime 0 for ever, Redis requires integers.
 */
function toWholeLifetime(ttl: number): number {
  if (!Number.isFinite(ttl)) throw new OxdStoreError('A lifetime must be a finite number.');
  return Math.max(1, Math.ceil(ttl));
}

function noBoolean(call: string): OxdStoreError {
  return new OxdStoreError(`The method ${call} of the store returned neither true nor false.`);
}

/** Sanitizes errors of the store, whose messages may quote keys and values. */
function unavailable(call: string, error: unknown, key?: string): OxdStoreError {
  const isOwn = error instanceof OxdStoreError;
  const cause = isOwn ? error.cause : error;
  const safe = cause === undefined ? undefined : sanitize(cause, key);
  const reason = isOwn ? error.message : safe?.message;
  return new OxdStoreError(`The store failed (${call}): ${reason ?? 'unknown reason'}`, {
    cause: safe,
  });
}

function sanitize(error: unknown, key = ''): Error {
  const { name = 'Error', code, message = '' } = Object(error) as Partial<NodeJS.ErrnoException>;
  // A SyntaxError of JSON.parse quotes the value.
  const reason = name === 'SyntaxError' ? 'a stored value is not JSON' : message;
  const text = key === '' ? reason : reason.replaceAll(key, '…');
  const safe = new Error(printable(text) || printable(String(code ?? 'unknown reason')));
  safe.name = printable(name);
  return code === undefined ? safe : Object.assign(safe, { code: printable(String(code)) });
}
