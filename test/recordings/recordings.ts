import { readFileSync } from 'node:fs';
import { registerSecret } from '../support/secrets.js';

/** One exchange with a running oxd-server, as it was recorded. */
export interface Recording {
  readonly n: number;
  readonly story: string;
  readonly command: string;
  /** Parameters of the command; null when only `request_frame` contains them. */
  readonly request: Readonly<Record<string, unknown>> | null;
  /** The exact text that was sent, where that matters; a list: sent in pieces. */
  readonly request_frame?: string | readonly string[];
  readonly reply: { readonly frame: string; readonly closed?: boolean; readonly silent?: boolean };
  /** `on` when commands required a protection token. */
  readonly protect: 'on' | 'off';
  /** Fault of the provider. */
  readonly op?: string;
  /** URL to which the browser returned. */
  readonly callback?: string;
}

/** The reply without its length, or undefined where there was none. */
export interface RecordedReply {
  readonly status: 'ok' | 'error';
  readonly data: Readonly<Record<string, unknown>>;
}

/** Versions of oxd-server that were recorded. */
export const RECORDED = ['3.1.1', '3.1.4'] as const;

export type RecordedVersion = (typeof RECORDED)[number];

/** The recordings of one version, in the order of the calls. Their tokens become secrets. */
export function recordings(version: RecordedVersion): readonly Recording[] {
  const text = readFileSync(new URL(`tcp-${version}.jsonl`, import.meta.url), 'utf8');
  const records = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Recording);
  for (const { request, reply } of records) {
    registerSecrets(request);
    const { data } = replyOf(reply.frame) ?? {};
    registerSecrets(data);
    registerSecrets(data?.details as typeof data);
  }
  return records;
}

/** True for a UMA command. */
export function isUma({ command }: Recording): boolean {
  return /^(uma_|introspect_rpt$)/.test(command);
}

/** Parsed reply of a recorded frame. */
export function replyOf(frame: string): RecordedReply | undefined {
  return frame === '' ? undefined : (JSON.parse(frame.slice(4)) as RecordedReply);
}

const SECRETS = new Set(
  `access_token refresh_token id_token id_token_hint client_secret code state ticket rpt pct claim_token
  protection_access_token client_registration_access_token`.split(/\s+/),
);

/** Registers the values of the named secrets. */
export function registerSecrets(members: Readonly<Record<string, unknown>> | null | undefined): void {
  for (const [name, value] of Object.entries(members ?? {}))
    if (SECRETS.has(name) && typeof value === 'string') registerSecret(value);
}
