import type { OxdClock } from '../../base/clock.js';
import { OxdError, printable } from '../../base/errors.js';
import type { UmaDeclaration } from '../declarations/declaration.js';
import { failedRegistration } from './failed-registration.js';
import { BackoffRetry, type PauseRange } from './backoff-retry.js';
import { ResourceRegistrar, type RegistrarOptions } from './resource-registrar.js';

/** What an {@link ResourceSynchronizer} needs. */
export interface UmaProtectionOptions extends RegistrarOptions {
  readonly clock: OxdClock;
  /** Whether start-up waits for the registration and fails with it. */
  readonly eager: boolean;
  /** Whether the store forgets at a restart. */
  readonly volatile: boolean;
}

/** Keeps what is declared registered at the authorization server. */
export class ResourceSynchronizer {
  private readonly registrar: ResourceRegistrar;
  private readonly repeater: BackoffRetry;
  private declared: readonly UmaDeclaration[] = [];
  private ready = false;
  private missing = false;
  private runs = 0;
  private left = 0;
  private readonly ending = new AbortController();

  constructor(private readonly options: UmaProtectionOptions) {
    this.registrar = new ResourceRegistrar(options);
    this.repeater = new BackoffRetry(options.clock, () => this.attempt());
  }

  /**
   * Registers what is declared: in the background and until it has worked, or at once.
   *
   * @throws {OxdError} where `eager` is set and the registration failed
   */
  async begin(declared: readonly UmaDeclaration[]): Promise<void> {
    this.declared = declared;
    if (declared.length === 0 || this.isManual) return this.beginWithout();
    if (!this.options.store.add) this.options.log.warn(ALONE);
    if (!this.options.eager) return this.repeater.start();
    await this.registrar
      .register(declared, { signal: this.ending.signal })
      .catch((error: unknown) => {
        this.count(error);
        if (this.left > 0) this.options.log.error(leftBehind(this.left));
        throw error;
      });
    this.ready = true;
  }

  /** Milliseconds to come back after; undefined once everything is registered. */
  get wait(): number | undefined {
    return this.ready ? undefined : this.repeater.wait;
  }

  /** Changes with every registration: what was found out before one says nothing of now. */
  get revision(): number {
    return this.runs;
  }

  /**
   * A check has found that a declared resource is not protected: registers them again, once
   * however many requests find it.
   *
   * @param edition the {@link revision} when the check began
   * @returns milliseconds to come back after
   */
  restore(edition: number): number {
    if (!this.isManual && edition === this.runs) {
      this.missing = true;
      this.repeater.start();
    }
    return this.repeater.wait;
  }

  /** Whether a check can be told what it needs, instead of what was registered last. */
  get takesScopes(): boolean {
    return this.options.secondCall === 'upsert';
  }

  /** Ends the background work. */
  stop(): void {
    this.ending.abort();
    this.repeater.stop();
  }

  /** Where a restart would forget what was sent, and a second call would double it. */
  private get isManual(): boolean {
    return this.options.secondCall === 'append' && this.options.volatile;
  }

  private beginWithout(): void {
    this.ready = true;
    if (this.declared.length > 0) this.options.log.warn(MANUAL);
  }

  private async attempt(): Promise<boolean | PauseRange> {
    const { missing } = this;
    this.missing = false;
    try {
      const { signal } = this.ending;
      await this.registrar.register(this.declared, { missing, signal });
      this.runs++;
      this.ready = true;
      return true;
    } catch (error) {
      this.missing ||= missing;
      const pauses = this.count(error);
      if (!this.ending.signal.aborted) this.options.log.error(failure(error, this.left));
      return pauses ?? false;
    }
  }

  /** @returns bounds of the next pause, if not the usual ones */
  private count(error: unknown): PauseRange | undefined {
    const { secondCall } = this.options;
    const { pauses, left } = failedRegistration(error, secondCall, this.declared.length);
    this.left += left;
    return pauses;
  }
}

const ALONE =
  'The store has no add(): of several replicas start one alone first, else each of them ' +
  'registers the resources of @UmaProtected.';

const MANUAL =
  'oxd up to 3.1.2 would register the resources of @UmaProtected again at every start, because ' +
  'the store forgets them. They answer 503 until UmaService.protect() has been called for them; ' +
  'or use a store that persists.';

function failure(error: unknown, left: number): string {
  const reason = error instanceof OxdError ? `${error.code}: ${error.message}` : foreign(error);
  const end = left > 0 ? ` ${leftBehind(left)}` : '';
  return `The resources of @UmaProtected are not registered, trying again. ${reason}${end}`;
}

function leftBehind(count: number): string {
  return (
    `Up to ${count} resources of the attempts since the start may be left at the authorization ` +
    'server, unknown to oxd: delete them there.'
  );
}

function foreign(error: unknown): string {
  return printable(error instanceof Error ? error.message : 'unknown reason');
}
