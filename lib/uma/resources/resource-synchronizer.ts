import type { OxdClock } from '../../base/clock.js';
import { failureReason } from '../../base/failure-reason.js';
import type { UmaDeclaration } from '../declarations/declaration.js';
import { failedRegistration } from './failed-registration.js';
import { BackoffRetry, type PauseRange } from './backoff-retry.js';
import { listOf } from './registered-resources.js';
import { ResourceRegistrar, type RegistrarOptions } from './resource-registrar.js';

/** Dependencies and options of a {@link ResourceSynchronizer}. */
export interface SynchronizerOptions extends RegistrarOptions {
  readonly clock: OxdClock;
  /** Makes start-up wait for the registration, and fail if it fails. */
  readonly eager: boolean;
  /** The store loses its content at a restart. */
  readonly volatile: boolean;
}

/** Keeps the declared resources registered at the authorization server. */
export class ResourceSynchronizer {
  private readonly registrar: ResourceRegistrar;
  private readonly retry: BackoffRetry;
  private declared: readonly UmaDeclaration[] = [];
  private ready = false;
  private missing = false;
  /** Number that changes with every registration: results of earlier checks are then outdated. */
  revision = 0;
  private orphans = 0;
  private readonly aborter = new AbortController();
  /** True if a check accepts its own `scopes` instead of those registered last (embedded). */
  readonly takesScopes: boolean;

  constructor(private readonly options: SynchronizerOptions) {
    this.registrar = new ResourceRegistrar(options);
    this.takesScopes = options.reprotectMode === 'upsert';
    this.retry = new BackoffRetry(options.clock, () => this.attempt());
  }

  /**
   * Registers the declared resources: in the background until it succeeds, or at once with `eager`.
   *
   * @throws {OxdError} when `eager` is set and the registration fails
   */
  async begin(declared: readonly UmaDeclaration[]): Promise<void> {
    this.declared = declared;
    if (declared.length === 0 || this.isManual) return this.skipRegistration();
    if (!this.options.store.add) this.options.log.warn(NO_LOCK_WARNING);
    if (!this.options.eager) return this.retry.start();
    await this.registrar
      .register(declared, { signal: this.aborter.signal })
      .catch((error: unknown) => {
        this.count(error);
        if (this.orphans > 0) this.options.log.error(orphansMessage(this.orphans));
        throw error;
      });
    this.succeed();
  }

  /** Milliseconds to wait before a retry; undefined once all resources are registered. */
  get wait(): number | undefined {
    return this.ready ? undefined : this.retry.wait;
  }

  /**
   * Registers the resources again after a check found a declared resource missing; once, even if
   * many requests find it missing.
   *
   * @param revision value of {@link revision} when the check began
   * @returns milliseconds to wait before a retry
   */
  restore(revision: number): number {
    if (!this.isManual && revision === this.revision) {
      this.missing = true;
      this.retry.start();
    }
    return this.retry.wait;
  }

  /** Ends the background work. */
  stop(): void {
    this.aborter.abort();
    this.retry.stop();
  }

  /** True if registration is left to the operator: a restart would create duplicates. */
  private get isManual(): boolean {
    return this.options.reprotectMode === 'append' && this.options.volatile;
  }

  private skipRegistration(): void {
    this.ready = true;
    if (this.declared.length > 0) this.options.log.warn(MANUAL_WARNING);
  }

  private async attempt(): Promise<boolean | PauseRange> {
    const { missing } = this;
    this.missing = false;
    try {
      const { signal } = this.aborter;
      await this.registrar.register(this.declared, { missing, signal });
      this.revision++;
      this.succeed();
      return true;
    } catch (error) {
      this.missing ||= missing;
      const pauses = this.count(error);
      if (!this.aborter.signal.aborted) this.options.log.error(failure(error, this.orphans));
      return pauses ?? false;
    }
  }

  private succeed(): void {
    if (!this.ready) {
      this.options.log.log?.(
        `The resources of @UmaProtected are registered: ${listOf(this.declared)}.`,
      );
    }
    this.ready = true;
  }

  /**
   * Counts the resources that a failed attempt left at the authorization server.
   *
   * @returns bounds of the next pause; undefined for the default
   */
  private count(error: unknown): PauseRange | undefined {
    const { reprotectMode } = this.options;
    const { pauses, orphans } = failedRegistration(error, reprotectMode, this.declared.length);
    this.orphans += orphans;
    return pauses;
  }
}

const NO_LOCK_WARNING =
  'The store has no add(): start the first of several replicas before the others, else each ' +
  'registers the resources of @UmaProtected.';

const MANUAL_WARNING =
  'oxd up to 3.1.2 would register the resources of @UmaProtected again at every start, because ' +
  'the store does not persist them. Their routes respond with 503 until UmaService.protect() has ' +
  'been called for them. Call it, or use a store that persists.';

function failure(error: unknown, orphans: number): string {
  const end = orphans > 0 ? ` ${orphansMessage(orphans)}` : '';
  return `The resources of @UmaProtected are not registered, trying again. ${failureReason(error)}${end}`;
}

function orphansMessage(count: number): string {
  return (
    `Up to ${count} resources of the attempts since the start may be left at the authorization ` +
    'server, unknown to oxd: delete them there.'
  );
}
