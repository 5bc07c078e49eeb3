import type { OxdClock } from '../../base/clock.js';
import { OxdCommandError } from '../../base/errors.js';
import { failureReason } from '../../base/failure-reason.js';
import type { OxdLog } from '../../base/log.js';
import type { Params } from '../../commands/command.js';
import type { OxdClient } from '../../oxd-client/oxd-client.js';
import { shownResource, type UmaDeclaration } from '../declarations/declaration.js';
import { BackoffRetry } from './backoff-retry.js';

/** Dependencies and options of a {@link ServerProbe}. */
export interface ServerProbeOptions {
  readonly client: OxdClient;
  readonly log: OxdLog;
  readonly clock: OxdClock;
  /** Makes start-up wait for the probe, and fail if it fails. */
  readonly eager: boolean;
}

/** Check without a token, and the declaration that it is for. */
interface Probe {
  readonly params: Params<'uma_rs_check_access'>;
  readonly declaration: UmaDeclaration;
}

/**
 * Checks at start-up that the authorization server has the resources that declarations name, and that
 * it makes decisions if a declaration needs them. Creates and changes nothing.
 */
export class ServerProbe {
  private readonly retry: BackoffRetry;
  private readonly aborter = new AbortController();
  private probes: readonly Probe[] = [];

  constructor(private readonly options: ServerProbeOptions) {
    this.retry = new BackoffRetry(options.clock, () => this.attempt());
  }

  /**
   * Probes in the background until it succeeds, or at once with `eager`.
   *
   * @throws {OxdError} when `eager` is set and the probe fails
   */
  async begin(declarations: readonly UmaDeclaration[]): Promise<void> {
    this.probes = probesOf(declarations);
    if (this.probes.length === 0) return;
    if (this.options.eager) await this.probeAll();
    else this.retry.start();
  }

  /**
   * Probes again after a check has failed.
   *
   * @returns milliseconds to wait before a retry
   */
  restore(): number {
    this.retry.start();
    return this.retry.wait;
  }

  /** Ends the background work. */
  stop(): void {
    this.aborter.abort();
    this.retry.stop();
  }

  private async attempt(): Promise<boolean> {
    try {
      await this.probeAll();
      return true;
    } catch (error) {
      if (!this.aborter.signal.aborted) this.options.log.error(failure(error));
      return false;
    }
  }

  private async probeAll(): Promise<void> {
    for (const probe of this.probes) await this.probe(probe);
  }

  private async probe({ params, declaration }: Probe): Promise<void> {
    const { client } = this.options;
    try {
      await client.execute('uma_rs_check_access', params, { signal: this.aborter.signal });
    } catch (error) {
      const isUnregistered = error instanceof OxdCommandError && error.error === 'invalid_request';
      // Start-up registers the resource of a path at the same time.
      if (isUnregistered && params.resource === undefined) return;
      throw error instanceof OxdCommandError ? named(error, declaration) : error;
    }
  }
}

/** One probe for each named resource, and one for decisions about other resources. */
function probesOf(declarations: readonly UmaDeclaration[]): Probe[] {
  const probes = new Map<string, Probe>();
  for (const declaration of declarations) {
    const { mode, resource, scopes, path, http_method } = declaration;
    const params =
      typeof resource === 'string'
        ? { mode, resource, ...(scopes && { scopes }) }
        : { mode, path, http_method };
    const key = typeof resource === 'string' ? JSON.stringify(params) : 'decision';
    const isNeeded = typeof resource === 'string' || mode === 'decision';
    if (isNeeded && !probes.has(key)) probes.set(key, { params, declaration });
  }
  return [...probes.values()];
}

function named(error: OxdCommandError, declaration: UmaDeclaration): OxdCommandError {
  const { command, mayHaveRun, code } = error;
  const message = `${declaration.handler}, ${shownResource(declaration)}: ${error.message}`;
  return new OxdCommandError(message, error, { code, command, mayHaveRun, cause: error });
}

function failure(error: unknown): string {
  return `A resource or a decision of @UmaProtected is not available, trying again. ${failureReason(error)}`;
}
