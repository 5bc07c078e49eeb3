import { readFileSync } from 'node:fs';
import { isJsonObject, parseJson } from '../../lib/base/json.js';
import { registerSecrets } from './recordings.js';

/** One exchange over HTTPS with a running oxd, as it was recorded. */
export interface HttpsRecording {
  readonly n: number;
  readonly story: string;
  /** Name of the command; null for a request to no path of a command. */
  readonly command: string | null;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    /** Parameters of the command. */
    readonly body?: Readonly<Record<string, unknown>> | null;
    /** Exact text of the body, if that matters. */
    readonly raw_body?: string;
  };
  readonly reply: {
    readonly status: number;
    readonly content_type: string | null;
    /** Exact text of the body. */
    readonly body: string;
  };
  /** `on` when commands required a protection token. */
  readonly protect: 'on' | 'off';
  /** Fault of the provider. */
  readonly op?: string;
  /** URL to which the browser returned. */
  readonly callback?: string;
}

/** Peers that were recorded, with the release that the transport is configured with. */
export const HTTPS_RECORDED = {
  'ext-3.1.1': '3.1.1',
  'ext-3.1.4': '3.1.4',
  'rest-4.2.3': '4.2',
  'rest-4.5.5': '4.5',
} as const;

export type RecordedPeer = keyof typeof HTTPS_RECORDED;

/** The recordings of one peer, in the order of the calls. Their tokens become secrets. */
export function httpsRecordings(peer: RecordedPeer): readonly HttpsRecording[] {
  const text = readFileSync(new URL(`${peer}.jsonl`, import.meta.url), 'utf8');
  const records = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as HttpsRecording);
  for (const { request, reply } of records) {
    registerSecrets(request.body);
    const body = parseJson(reply.body);
    if (!isJsonObject(body)) continue;
    for (const found of [body, body.data, body.details]) {
      if (isJsonObject(found)) registerSecrets(found);
    }
  }
  return records;
}
