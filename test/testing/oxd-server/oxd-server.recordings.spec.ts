import { OxdServer } from '../../../lib/testing/oxd-server/oxd-server.js';
import {
  RECORDED,
  type RecordedReply,
  type RecordedVersion,
  type Recording,
  recordings,
  replyOf,
} from '../../recordings/recordings.js';
import { Browser, passSandbox } from '../../support/browser.js';
import { FakeOp } from '../../support/fake-op.js';
import { registerSecret } from '../../support/secrets.js';
import { FakeAs } from '../../support/oxd-fake-as.js';
import { type Answer, FrameClient, frameOf } from '../../support/frame-client.js';
import { RecordedOp } from '../../support/recorded-op.js';
import { shapeOfReply } from '../../support/reply-shape.js';

const RECORDED_OP = 'http://127.0.0.1:9100';
const CALLBACK = 'https://client.example/cb';
const UMA_GRANT = 'urn:ietf:params:oauth:grant-type:uma-ticket';
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** Live servers in place of the recorded ones. */
interface Live {
  readonly server: OxdServer;
  readonly op: RecordedOp;
  /** A provider without UMA. */
  readonly withoutUma: FakeOp;
  /** An authorization server that takes everything. */
  readonly as: FakeAs;
}

/** Repeats recorded requests at a live server, with the live ids and tokens in their places. */
class Repetition {
  private readonly live = new Map<string, string>();
  /** By recorded state. */
  private readonly urls = new Map<string, string>();
  private readonly browser = new Browser();
  private client: FrameClient | undefined;

  constructor(private readonly others: Live) {}

  async repeat(recording: Recording): Promise<Answer> {
    await this.logIn(recording);
    await this.obtainTicket(recording);
    const { reply, request_frame } = recording;
    // A raw frame gets its own connection: the bytes after it are not part of the story.
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
    return FrameClient.open(this.others.server.port);
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
      .map(([name, one]) => [name, this.translated(one)] as const)
      // The sandbox restricts clients to their registered grants; the recorded server did not.
      .map(([name, one]) => [name, name === 'grant_types' ? [one, UMA_GRANT].flat() : one]);
    return Object.fromEntries(members);
  }

  private translatedText(text: string): string {
    const { op, withoutUma } = this.others;
    if (text === `${RECORDED_OP}/nouma`) return withoutUma.issuer;
    if (text.startsWith(RECORDED_OP)) return text.replace(RECORDED_OP, op.issuer);
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

  /** Not every ticket that was used was recorded when it was issued. */
  private async obtainTicket({ command, request }: Recording): Promise<void> {
    const { ticket, oxd_id } = request ?? {};
    if (command !== 'uma_rp_get_rpt' || typeof ticket !== 'string') return;
    if (!UUID.test(ticket) || this.live.has(ticket)) return;
    const asked = { oxd_id, path: '/photo', http_method: 'GET' };
    const client = await this.connect();
    const answer = await client.ask([frameOf('uma_rs_check_access', this.translated(asked))]);
    client.close();
    this.live.set(ticket, String(replyOf(answer.frame)?.data.ticket));
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

/** Stories for the fake server: here the sandbox differs from the recorded authorization server. */
const AT_FAKE_AS: Readonly<Record<string, string>> = {
  '3.1.1 uma-get-rpt-claim-token-alone': 'the sandbox refuses a claim token without a format',
  '3.1.4 uma-get-rpt-claim-token-alone': 'the sandbox refuses a claim token without a format',
  '3.1.1 uma-get-rpt-scope-and-state':
    'the resource that was protected first has one of the scopes; the sandbox refuses the other',
};

/** Story in which the recorded provider sent 3.1.1 the scopes of a token as in RFC 7662. */
const SCOPE_MEMBER = 'protection-off-introspection-answer-with-scope-member';

describe.each(RECORDED.map((version) => [version] as const))('OxdServer %s', (version) => {
  describe.each([
    ['off', { '3.1.1': 203, '3.1.4': 202 }],
    ['on', { '3.1.1': 23, '3.1.4': 23 }],
  ] as const)('protection %s', (protect, counts) => {
    const repeated = recordings(version).filter((one) => one.protect === protect && !one.op);
    let others: Live;
    let repetition: Repetition;

    beforeAll(async () => {
      others = await startOthers(version, protect === 'on');
      repetition = new Repetition(others);
    });

    afterAll(async () => {
      repetition.leave();
      for (const other of Object.values(others)) await other.close();
    });

    it('receives every recorded request', () => {
      expect(repeated.length).toBe(counts[version]);
    });

    it.each(repeated.map((one) => [one.n, one.story, one.command, one] as const))(
      '#%i %s: %s',
      async (_n, _story, _command, recording) => {
        const { frame, closed = false } = recording.reply;
        const { story } = recording;
        others.op.scopesIn = version === '3.1.1' && story !== SCOPE_MEMBER ? 'scopes' : 'scope';
        const isTaken = !Object.hasOwn(AT_FAKE_AS, `${version} ${story}`);
        const answer = await (isTaken
          ? repetition.repeat(recording)
          : askAtFakeAs(others, recording));
        expect(shapeOfReply(answer.frame)).toEqual(shapeOfReply(frame));
        expect(answer.closed).toBe(closed);
      },
    );
  });
});

/** Requests an RPT with the recorded parameters, which reach the authorization server unchanged. */
async function askAtFakeAs({ server, as }: Live, { command, request }: Recording): Promise<Answer> {
  const client = await FrameClient.open(server.port);
  const site = { op_host: as.issuer, authorization_redirect_uri: CALLBACK };
  const registered = await client.ask([frameOf('register_site', site)]);
  const oxd_id = replyOf(registered.frame)?.data.oxd_id;
  const answer = await client.ask([frameOf(command, { ...request, oxd_id })]);
  client.close();
  const { ticket, claim_token, scope } = request ?? {};
  const form = new URLSearchParams(as.seen('umatoken').at(-1)?.body);
  expect(Object.fromEntries(form)).toEqual({
    grant_type: UMA_GRANT,
    ticket,
    ...(claim_token !== undefined && { claim_token }),
    ...(Array.isArray(scope) && { scope: scope.join(' ') }),
  });
  return answer;
}

async function startOthers(version: RecordedVersion, protectCommands: boolean): Promise<Live> {
  const onSecret = registerSecret;
  const withoutUma = await FakeOp.start();
  withoutUma.on('client', { status: 404, json: { error: 'x_error' } });
  return {
    withoutUma,
    op: await RecordedOp.start(),
    as: await FakeAs.start(),
    server: await OxdServer.start({
      ...{ version, protectCommands, onSecret },
      // The recorded provider follows RFC 7592.
      strictUpdates: true,
      allowInsecureRequests: true,
    }),
  };
}
