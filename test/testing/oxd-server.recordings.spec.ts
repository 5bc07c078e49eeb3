import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { OxdServer } from '../../lib/testing/oxd-server.js';
import {
  RECORDED,
  type RecordedReply,
  type RecordedVersion,
  type Recording,
  recordings,
  replyOf,
} from '../recordings/recordings.js';
import { Browser, passSandbox } from '../support/browser.js';
import { registerSecret } from '../support/secrets.js';
import { type Answer, FrameClient, frameOf } from './frame-client.js';
import { shapeOfReply } from './reply-shape.js';

const RECORDED_OP = 'http://127.0.0.1:9100';
const CALLBACK = 'https://client.example/cb';

/** Repeats recorded requests at a live server, with the live ids and tokens in their places. */
class Repetition {
  private readonly live = new Map<string, string>();
  /** By recorded state. */
  private readonly urls = new Map<string, string>();
  private readonly browser = new Browser();
  private client: FrameClient | undefined;

  constructor(
    private readonly server: OxdServer,
    private readonly sandbox: Sandbox,
  ) {}

  async repeat(recording: Recording): Promise<Answer> {
    await this.logIn(recording);
    const { reply, request_frame } = recording;
    // What a frame leaves behind on a connection is not part of the story.
    if (request_frame !== undefined) this.leave();
    this.client = this.client?.closed === false ? this.client : await this.connect();
    const answer = await this.client.ask(this.pieces(recording), {
      patience: reply.silent ? 60 : 10_000,
      awaitsClose: reply.closed,
    });
    if (request_frame !== undefined || reply.silent) this.leave();
    this.learn(recording, replyOf(answer.frame));
    return answer;
  }

  leave(): void {
    this.client?.close();
    this.client = undefined;
  }

  private connect(): Promise<FrameClient> {
    return FrameClient.open(this.server.port);
  }

  private pieces({ command, request, request_frame }: Recording): readonly string[] {
    if (request_frame === undefined) return [frameOf(command, this.translated(request))];
    return [request_frame].flat().map((text) => this.inText(text));
  }

  /** The recorded ids are UUIDs as the live ones are: no length changes. */
  private inText(text: string): string {
    return text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => this.live.get(id) ?? id);
  }

  private translated(value: unknown): unknown {
    if (typeof value === 'string') return this.translatedText(value);
    if (Array.isArray(value)) return value.map((one) => this.translated(one));
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value)
      // The sandbox knows no authentication context class.
      .filter(([name, one]) => name !== 'acr_values' || JSON.stringify(one) !== '["basic"]')
      .map(([name, one]) => [name, this.translated(one)]);
    return Object.fromEntries(members);
  }

  private translatedText(text: string): string {
    if (text === `${RECORDED_OP}/nouma`) return this.sandbox.issuer;
    if (text.startsWith(RECORDED_OP)) return text.replace(RECORDED_OP, this.sandbox.issuer);
    return this.live.get(text) ?? text;
  }

  /** Goes to the provider and back where the recorded browser went. */
  private async logIn({ story, callback, request }: Recording): Promise<void> {
    const wasThere = callback !== undefined || story === 'tokens-by-code-after-failures';
    const url = this.urls.get(typeof request?.state === 'string' ? request.state : '');
    if (!wasThere || typeof request?.code !== 'string' || url === undefined) return;
    const page = await passSandbox(this.browser, url, {}, (to) => to.startsWith(CALLBACK));
    const code = new URL(page.location ?? CALLBACK).searchParams.get('code');
    if (!code) throw new Error(`No code came back in ${story}.`);
    this.live.set(request.code, code);
  }

  private learn({ reply }: Recording, answer: RecordedReply | undefined): void {
    const recorded = replyOf(reply.frame);
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
}

/** What depends on the recorded provider, or on what was done between the records. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'protection-off-introspection-answer-with-scope-member':
    'the recorded provider answered introspection with members that 3.1.1 cannot read',
};

describe.each(RECORDED.map((version) => [version] as const))('OxdServer %s', (version) => {
  describe.each([
    ['off', { '3.1.1': 153, '3.1.4': 153 }],
    ['on', { '3.1.1': 21, '3.1.4': 21 }],
  ] as const)('protection %s', (protect, counts) => {
    const all = recordings(version).filter((one) => one.protect === protect && !one.op);
    const repeated = all.filter(({ story }) => !Object.hasOwn(LEFT_OUT, story));
    let sandbox: Sandbox;
    let server: OxdServer;
    let repetition: Repetition;

    beforeAll(async () => {
      sandbox = await startSandbox({
        port: 0,
        clientsFile: false,
        quiet: true,
        onSecret: registerSecret,
      });
      server = await startServer(version, protect === 'on');
      repetition = new Repetition(server, sandbox);
    });

    afterAll(async () => {
      repetition.leave();
      await server.close();
      await sandbox.close();
    });

    it('is asked every recorded request but those left out', () => {
      expect(repeated.length).toBe(counts[version]);
    });

    it.each(repeated.map((one) => [one.n, one.story, one.command, one] as const))(
      '#%i %s: %s',
      async (_n, _story, _command, recording) => {
        const { frame, closed = false } = recording.reply;
        const answer = await repetition.repeat(recording);
        expect(shapeOfReply(answer.frame)).toEqual(shapeOfReply(frame));
        expect(answer.closed).toBe(closed);
      },
    );
  });
});

function startServer(version: RecordedVersion, protectCommands: boolean): Promise<OxdServer> {
  return OxdServer.start({
    version,
    protectCommands,
    allowInsecureRequests: true,
    onSecret: registerSecret,
  });
}
