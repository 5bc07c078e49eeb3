import { Client, type Dispatcher } from 'undici';
import { CONNECTION_BREAKS } from '../../base/broken-connection.js';

/**
 * A keep-alive connection with one request at a time. Collects the errors of connections that broke
 * under a later request: the server may have closed them before that request arrived.
 */
export class TrackedClient extends Client {
  #isConnected = false;
  #isReused = false;

  /** @param broken receives those errors; requests reject with them */
  constructor(origin: URL, options: Client.Options, broken: WeakSet<object>) {
    super(origin, options);
    this.on('connect', () => {
      this.#isConnected = true;
      this.#isReused = false;
    });
    this.on('disconnect', (_origin, _targets, error) => {
      this.#isConnected = false;
      if (this.#isReused && CONNECTION_BREAKS.has(error.code)) broken.add(error);
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
