import { isUtf8 } from 'node:buffer';
import type { Dispatcher } from 'undici';
import { CONNECTION_BREAKS } from '../base/broken-connection.js';

/** Request of one command. */
export interface HttpsRequest {
  /** Name of the command, for errors. */
  readonly command: string;
  /** Path with the prefix of `transport.url`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** True when the server may receive the command twice without harm. */
  readonly isRepeatable: boolean;
  /** Text of a response after which a repeatable request is sent once more. */
  readonly lostReply?: RegExp;
}

/** Response to one command. */
export interface HttpsReply {
  readonly status: number;
  /** Header `content-type`; blank if missing. */
  readonly type: string;
  /** Header `content-encoding`; blank if missing. */
  readonly encoding: string;
  /** The body; blank if it is not UTF-8: two different values could become one. */
  readonly text: string;
}

/**
 * One request and its pending reply, which settles once: with the response, or earlier with the error
 * of a time limit or an abort. undici calls the methods `on…` of a request that was dispatched.
 */
export class HttpsCall implements Dispatcher.DispatchHandler {
  readonly reply: Promise<HttpsReply>;
  /** True once the request was written to a connection, also to an earlier one. */
  isSent = false;
  /** Called once undici has finished with a dispatched request. */
  finished: (error?: Error) => void;
  /** Sends the request again. */
  repeat: () => void;
  /** Called once the reply is settled. */
  released?: () => void;
  private isSettled = false;
  private isRepeated = false;
  private resolve: (reply: HttpsReply) => void;
  private reject: (error: unknown) => void;
  private controller?: Dispatcher.DispatchController;
  private response?: { readonly status: number; readonly type: string; readonly encoding: string };
  private chunks: Buffer[] = [];

  /** @param deadline milliseconds on the clock of the connections */
  constructor(
    readonly request: HttpsRequest,
    readonly deadline: number,
  ) {
    this.reply = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /**
   * Rejects the reply; a request in progress ends together with its connection.
   *
   * @returns false if the reply is settled already
   */
  fail(error: unknown): boolean {
    if (!this.settle()) return false;
    this.reject(error);
    this.controller?.abort(ENDED);
    return true;
  }

  /** Returns true if a request on a reused connection broke in a way that allows to repeat it. */
  mayRepeat(error: Error): boolean {
    const { code } = error as { readonly code?: unknown };
    const isBroken = this.isSent && !this.response && CONNECTION_BREAKS.has(String(code));
    return isBroken && this.canRepeat;
  }

  /** Sends the request once more. */
  sendAgain(): void {
    this.isRepeated = true;
    this.response = undefined;
    this.chunks = [];
    this.repeat();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.isSettled) return controller.abort(ENDED);
    this.controller = controller;
    this.isSent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    const { 'content-type': type = '', 'content-encoding': encoding = '' } = headers;
    this.response = { status, type: String(type), encoding: String(encoding) };
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first, ...others] = this.chunks;
    const bytes = others.length > 0 ? Buffer.concat(this.chunks) : first;
    const text = bytes && isUtf8(bytes) ? bytes.toString() : '';
    if (this.canRepeat && this.request.lostReply?.test(text)) return this.sendAgain();
    if (this.response && this.settle()) this.resolve({ ...this.response, text });
    this.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.end(error);
  }

  private end(error?: Error): void {
    // Without this reference the garbage collection frees the call and its request early.
    this.controller = undefined;
    this.finished(error);
  }

  private get canRepeat(): boolean {
    return this.request.isRepeatable && !this.isRepeated && !this.isSettled;
  }

  /** @returns false if the reply is settled already */
  private settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.released?.();
    return true;
  }
}

const ENDED = new Error('The call has ended.');
