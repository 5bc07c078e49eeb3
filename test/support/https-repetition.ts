import type { Release } from '../../lib/base/oxd-releases.js';
import type { OxdServer } from '../../lib/testing/oxd-server/oxd-server.js';
import type { HttpsRecording } from '../recordings/https-recordings.js';
import type { RecordedReply } from '../recordings/recordings.js';
import { HttpsClient, type HttpsAnswer } from './https-client.js';
import { httpsSender } from './command-senders.js';
import { httpsCall, type RecordedCall } from './recorded-call.js';
import { type LiveProviders, Repetition } from './repetition.js';

/** Live servers in place of the recorded ones. */
export interface LiveServers extends LiveProviders {
  readonly server: OxdServer;
}

/** Reply of a command in a response, in an envelope; undefined if there is no such reply. */
export type EnvelopeOf = (response: {
  readonly status: number;
  readonly body: string;
}) => RecordedReply | undefined;

/** Repeats requests that were recorded over HTTPS, over one kept connection. */
export class HttpsRepetition {
  protected readonly repetition: Repetition;
  protected readonly client: HttpsClient;

  constructor(
    { server, ...providers }: LiveServers,
    release: Release,
    private readonly envelopeOf: EnvelopeOf,
  ) {
    const send = httpsSender(server, release);
    this.repetition = new Repetition(providers, async (command) => {
      const answer = await send(command);
      return { ...answer, reply: envelopeOf({ status: 200, body: answer.text }) };
    });
    this.client = new HttpsClient(server.url, server.ca);
  }

  /** Obtains the code or the ticket of a request. */
  async prepare(recording: HttpsRecording): Promise<void> {
    await this.repetition.prepare(this.callOf(recording));
  }

  /** Sends a request with live values. */
  async send(recording: HttpsRecording): Promise<HttpsAnswer> {
    const { method, path, headers, body, raw_body } = recording.request;
    const answer = await this.client.ask({
      ...{ method, path, headers: this.translated(headers) },
      body: raw_body ?? (body ? (this.repetition.translated(body) as object) : undefined),
    });
    this.repetition.learn(this.callOf(recording), this.envelopeOf(answer));
    return answer;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  protected callOf(recording: HttpsRecording): RecordedCall {
    return { ...httpsCall(recording), reply: this.envelopeOf(recording.reply) };
  }

  protected translated(headers: HttpsRecording['request']['headers']): Record<string, string> {
    const values = Object.entries(headers).map(([name, value]) => [name, this.valueOf(value)]);
    return Object.fromEntries(values) as Record<string, string>;
  }

  private valueOf(value: string): string {
    const [, first = '', length] = /^(.).*\((\d+) characters\)$/.exec(value) ?? [];
    if (length) return first.repeat(Number(length));
    return this.repetition
      .inText(value)
      .replace(/(?<=^[Bb]earer {1,2})\S+$/, (token) => String(this.repetition.translated(token)));
  }
}
