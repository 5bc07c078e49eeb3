import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { FrameDelivery } from '../frames/frame-answer.js';
import type { HttpsAnswer, HttpsHandler, HttpsReply, HttpsRequest } from './https-answer.js';

/** Largest body of a request, in bytes. */
const MAX_BODY = 1_048_576;

/** One request and its response. */
export class HttpsExchange {
  private readonly ended = new AbortController();

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    response.once('close', () => this.ended.abort());
  }

  /** Answers the request; closes its connection when the handler throws. */
  async run(handler: HttpsHandler): Promise<void> {
    try {
      const request = await this.read();
      await this.deliver(request ? await handler.answer(request) : handler.bodyTooLong);
    } catch {
      this.request.socket.destroy();
    }
  }

  /** @returns undefined when the body exceeds the limit */
  private async read(): Promise<HttpsRequest | undefined> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.request as AsyncIterable<Buffer>) {
      size += chunk.length;
      // A body that exceeds the limit is read to its end, since its sender reads no response before.
      if (size <= MAX_BODY) chunks.push(chunk);
    }
    if (size > MAX_BODY) return undefined;
    const { method = '', url = '', headers } = this.request;
    const [path = ''] = url.split('?');
    return { method, path, headers, body: Buffer.concat(chunks).toString() };
  }

  private async deliver(answer: HttpsAnswer): Promise<void> {
    if ('hang' in answer) return;
    if ('drop' in answer) return void this.request.socket.destroy();
    if (answer.delay) await setTimeout(answer.delay, undefined, { signal: this.ended.signal });
    await this.write(answer);
    if (answer.close) this.request.socket.destroySoon();
  }

  private async write(reply: HttpsReply & FrameDelivery): Promise<void> {
    const { segments = [Infinity], status, contentType, headers } = reply;
    const bytes = Buffer.from(reply.body);
    this.response.writeHead(status, {
      ...headers,
      'content-type': contentType,
      'content-length': bytes.length,
    });
    for (let at = 0, index = 0; at < bytes.length; index += 1) {
      // Waits until the previous write has left: two writes at once could form one segment.
      if (index > 0) await setImmediate(undefined, { signal: this.ended.signal });
      const end = at + Math.max(segments[index] ?? segments.at(-1) ?? bytes.length, 1);
      this.response.write(bytes.subarray(at, end));
      at = end;
    }
    this.response.end();
  }
}
