import type { Dispatcher } from 'undici';
import { ReceivedResponse } from './received-response.js';
import { hideSent } from './sent-values.js';

/** Request as undici sends it. */
export interface SentRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: Dispatcher.HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * A request until its response, which may be sent a second time. undici calls the methods `on…` of a
 * request that was dispatched. A handler instead of `undici.request`, which adds a stream, an abort
 * listener and an async resource to each request: a third of the time of an introspection.
 *
 * @see Dispatcher.dispatch of undici
 */
export class ProviderExchange implements Dispatcher.DispatchHandler {
  /** Reason of an early end; undefined before. */
  reason: unknown;
  private resolve: (response: ReceivedResponse) => void;
  private reject: (error: unknown) => void;
  private controller?: Dispatcher.DispatchController;
  private status = 0;
  private headers: ReceivedResponse['headers'] = {};
  private chunks: Buffer[] = [];

  constructor(private readonly request: SentRequest) {}

  /** True once the response has begun. */
  get hasBegun(): boolean {
    return this.status !== 0;
  }

  /**
   * Sends the request and reads the response. Secrets that were sent are removed from an error response.
   *
   * @param reset closes the connection after the response
   * @throws the reason of an early end, or the error of undici
   */
  send(dispatcher: Dispatcher, reset = false): Promise<ReceivedResponse> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.chunks = [];
      dispatcher.dispatch(reset ? { ...this.request, reset } : this.request, this);
    });
  }

  /** Ends the request early; a request in progress ends together with its connection. */
  end(reason: unknown): void {
    this.reason = reason;
    this.reject(reason);
    this.controller?.abort(ENDED);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.reason !== undefined) return controller.abort(ENDED);
    this.controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ReceivedResponse['headers'],
  ): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    const { status, headers, chunks, request } = this;
    const [first] = chunks;
    const body = first && chunks.length === 1 ? first : Buffer.concat(chunks);
    const response = new ReceivedResponse(status, headers, body);
    this.resolve(status < 400 ? response : hideSent(response, request));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.reject(error);
  }
}

const ENDED = new Error('The request has ended.');
