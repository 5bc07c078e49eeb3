import type { IncomingHttpHeaders } from 'node:http';
import type { FrameDelivery } from '../frames/frame-answer.js';

/** Request with its whole body. */
export interface HttpsRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Response to a request. */
export interface HttpsReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Response, optionally with its delivery; or no response, with an open or a closed connection. */
export type HttpsAnswer =
  (HttpsReply & FrameDelivery) | { readonly hang: true } | { readonly drop: true };

/** Source of the responses of a server. */
export interface HttpsHandler {
  /** Response to headers that exceed the limit; the server then closes the connection. */
  readonly headersTooLong: HttpsReply;
  /** Response to a body that exceeds the limit. */
  readonly bodyTooLong: HttpsReply;
  /** Returns the response to a request. When it throws, the server closes the connection. */
  answer(request: HttpsRequest): Promise<HttpsAnswer>;
}
