import { OxdCommandError } from '../../lib/base/errors.js';
import { EmbeddedTransport } from '../../lib/embedded/embedded.transport.js';
import type { EmbeddedOptions } from '../../lib/embedded/context/operation-context.js';
import { readSite, siteKey } from '../../lib/embedded/registration/site-record.js';
import { resourcesKey } from '../../lib/embedded/registration/resources-key.js';
import { MemoryStore, type OxdStore } from '../../lib/store/oxd-store.js';
import type { CommandName, Params, Result } from '../../lib/commands/command.js';
import type { ExecuteOptions } from '../../lib/commands/oxd-transport.js';
import type { FakeOp } from './fake-op.js';
import { ManualClock } from './manual-clock.js';

export const CALLBACK = 'https://app.example.com/callback';
export const HOME = 'https://app.example.com/';

/**
 * Embedded transport with typed commands; close every instance with {@link TestTransport.closeAll}.
 */
export class TestTransport {
  private static readonly open = new Set<TestTransport>();
  readonly store: OxdStore;
  readonly warnings: string[] = [];
  private readonly transport: EmbeddedTransport;

  constructor(readonly options: Partial<EmbeddedOptions> = {}) {
    this.store = options.store ?? new MemoryStore({ clock: options.clock });
    this.transport = new EmbeddedTransport({
      store: this.store,
      allowInsecureRequests: true,
      timeout: 5000,
      stateLifetime: 300_000,
      log: { warn: (text) => this.warnings.push(text), error: () => undefined },
      ...options,
    });
    TestTransport.open.add(this);
  }

  /** Closes every open instance; call it in `afterEach`. */
  static async closeAll(): Promise<void> {
    await Promise.all([...TestTransport.open].map((transport) => transport.close()));
    TestTransport.open.clear();
  }

  run<C extends CommandName>(command: C, params: Params<C>, options?: ExecuteOptions) {
    return this.raw(command, params, options) as Promise<Result<C>>;
  }

  raw(command: string, params: object, options?: ExecuteOptions): Promise<unknown> {
    return this.transport.execute(command, params as Record<string, unknown>, options);
  }

  /** Grants a check from memory; undefined if the command must be executed. */
  cachedAccess(params: Params<'uma_rs_check_access'>): Result<'uma_rs_check_access'> | undefined {
    return this.transport.cachedAccess?.(params);
  }

  async site(op: { issuer: string }, more: Partial<Params<'register_site'>> = {}): Promise<string> {
    const { oxd_id } = await this.run('register_site', {
      op_host: op.issuer,
      authorization_redirect_uri: CALLBACK,
      post_logout_redirect_uri: HOME,
      ...more,
    });
    return oxd_id;
  }

  /** Store key of the resources of a site. */
  async resourcesKey(oxd_id: string): Promise<string> {
    return resourcesKey(await readSite(this.store, siteKey(oxd_id)));
  }

  /** Logs in and returns the parameters of the callback. */
  async callback(op: FakeOp, oxd_id: string) {
    const { authorization_url } = await this.run('get_authorization_url', { oxd_id });
    return { oxd_id, ...op.login(authorization_url) };
  }

  close(): Promise<void> {
    return this.transport.close();
  }
}

/**
 * Time limit of the requests of an embedded transport, which ends as soon as the provider leaves a
 * request without a response.
 */
export function limitEndedBy(op: FakeOp, timeout = 5000) {
  const timers = new ManualClock();
  op.onHang = () => void timers.advance(timeout);
  return { timeout, timers };
}

/** Returns the error that a promise rejects with; fails if the promise resolves. */
export async function rejectionOf(promise: Promise<unknown>): Promise<OxdCommandError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OxdCommandError);
  return error as OxdCommandError;
}
