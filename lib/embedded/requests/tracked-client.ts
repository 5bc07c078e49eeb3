import { Client, type Dispatcher } from 'undici';

/** System and undici codes of a connection that ended without a response. */
const BREAKS = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT']);

/**
 * One kept connection, one request at a time. Reports the errors of connections that broke under a
 * request they were not opened for: the server may have closed them before the request arrived.
 */
export class TrackedClient extends Client {
  #isConnected = false;
  #isReused = false;

  /** @param broken collects the errors, with which requests reject */
  constructor(origin: URL, options: Client.Options, broken: WeakSet<object>) {
    super(origin, options);
    this.on('connect', () => {
      this.#isConnected = true;
      this.#isReused = false;
    });
    this.on('disconnect', (_origin, _targets, error) => {
      this.#isConnected = false;
      if (this.#isReused && BREAKS.has(error.code)) broken.add(error);
    });
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    this.#isReused = this.#isConnected;
    return super.dispatch(options, handler);
  }
}
