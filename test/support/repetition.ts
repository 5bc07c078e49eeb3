import { type RecordedReply } from '../recordings/recordings.js';
import { Browser, passSandbox } from './browser.js';
import type { FakeOp } from './fake-op.js';
import type { CommandSender } from './command-senders.js';
import type { RecordedCall } from './recorded-call.js';
import type { RecordedOp } from './recorded-op.js';

const RECORDED_OP = 'http://127.0.0.1:9100';
const CALLBACK = 'https://client.example/cb';
const UMA_GRANT = 'urn:ietf:params:oauth:grant-type:uma-ticket';
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** Live servers in place of the recorded ones. */
export interface LiveProviders {
  readonly op: RecordedOp;
  /** A provider without UMA. */
  readonly withoutUma: FakeOp;
}

/** Translates recorded requests for a live server, with the live ids and tokens in their places. */
export class Repetition {
  private readonly live = new Map<string, string>();
  /** By recorded state. */
  private readonly urls = new Map<string, string>();
  private readonly browser = new Browser();

  /** @param ask sends a command that was not recorded */
  constructor(
    private readonly providers: LiveProviders,
    private readonly ask: CommandSender,
  ) {}

  /** Obtains what a recorded request contains: the code of a login, or a permission ticket. */
  async prepare(call: RecordedCall): Promise<void> {
    await this.logIn(call);
    await this.obtainTicket(call);
  }

  /** Live values for the recorded ones of a reply. */
  learn({ reply: recorded }: RecordedCall, answer: RecordedReply | undefined): void {
    if (recorded?.status !== 'ok' || answer?.status !== 'ok') return;
    for (const [name, was] of Object.entries(recorded.data)) {
      const is = answer.data[name];
      if (typeof was !== 'string' || typeof is !== 'string') continue;
      this.live.set(was, is);
      if (name !== 'authorization_url') continue;
      const state = new URL(was).searchParams.get('state') ?? '';
      this.live.set(state, new URL(is).searchParams.get('state') ?? '');
      this.urls.set(state, is);
    }
  }

  /** Recorded JSON with live values. */
  translated(value: unknown): unknown {
    if (typeof value === 'string') return this.translatedText(value);
    if (Array.isArray(value)) return value.map((one) => this.translated(one));
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value)
      .map(([name, one]) => [name, this.translated(one)] as const)
      // The sandbox restricts clients to their registered grants; the recorded server did not.
      .map(([name, one]) => [name, name === 'grant_types' ? [one, UMA_GRANT].flat() : one]);
    return Object.fromEntries(members);
  }

  /** Recorded text with live ids, which are UUIDs as the recorded ones are: no length changes. */
  inText(text: string): string {
    return text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => this.live.get(id) ?? id);
  }

  private translatedText(text: string): string {
    const { op, withoutUma } = this.providers;
    if (text === `${RECORDED_OP}/nouma`) return withoutUma.issuer;
    if (text.startsWith(RECORDED_OP)) return text.replace(RECORDED_OP, op.issuer);
    return this.live.get(text) ?? text;
  }

  /** Repeats the login of the recorded browser at the provider. */
  private async logIn({ story, callback, params }: RecordedCall): Promise<void> {
    const hadLogin = callback !== undefined || story === 'tokens-by-code-after-failures';
    const url = this.urls.get(typeof params?.state === 'string' ? params.state : '');
    if (!hadLogin || typeof params?.code !== 'string' || url === undefined) return;
    const page = await passSandbox(this.browser, url, {}, (to) => to.startsWith(CALLBACK));
    const code = new URL(page.location ?? CALLBACK).searchParams.get('code');
    if (!code) throw new Error(`No code came back in ${story}.`);
    this.live.set(params.code, code);
  }

  /** Obtains a ticket: not every used ticket was recorded when it was issued. */
  private async obtainTicket({ command, params }: RecordedCall): Promise<void> {
    const { ticket, oxd_id, protection_access_token } = params ?? {};
    if (command !== 'uma_rp_get_rpt' || typeof ticket !== 'string') return;
    if (!UUID.test(ticket) || this.live.has(ticket)) return;
    const asked = { oxd_id, path: '/photo', http_method: 'GET', protection_access_token };
    const { reply } = await this.ask({
      command: 'uma_rs_check_access',
      params: this.translated(asked) as SentParams,
    });
    this.live.set(ticket, String(reply?.data.ticket));
  }
}

type SentParams = Parameters<CommandSender>[0]['params'];
