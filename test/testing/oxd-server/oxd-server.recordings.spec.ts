import { OxdServer } from '../../../lib/testing/oxd-server/oxd-server.js';
import {
  RECORDED,
  type RecordedVersion,
  type Recording,
  recordings,
  replyOf,
} from '../../recordings/recordings.js';
import { FakeOp } from '../../support/fake-op.js';
import { registerSecret } from '../../support/secrets.js';
import { FakeAs } from '../../support/oxd-fake-as.js';
import { type Answer, FrameClient, frameOf } from '../../support/frame-client.js';
import { tcpSender } from '../../support/command-senders.js';
import { frameCall } from '../../support/recorded-call.js';
import { RecordedOp } from '../../support/recorded-op.js';
import { type LiveProviders, Repetition } from '../../support/repetition.js';
import { shapeOfReply } from '../../support/reply-shape.js';

const CALLBACK = 'https://client.example/cb';
const UMA_GRANT = 'urn:ietf:params:oauth:grant-type:uma-ticket';

/** Live servers in place of the recorded ones. */
interface Live extends LiveProviders {
  readonly server: OxdServer;
  /** An authorization server that takes everything. */
  readonly as: FakeAs;
}

/** Repeats recorded requests over one connection as long as the server keeps it open. */
class FrameRepetition {
  private readonly repetition: Repetition;
  private client: FrameClient | undefined;

  constructor(private readonly others: Live) {
    this.repetition = new Repetition(others, tcpSender(others.server));
  }

  async repeat(recording: Recording): Promise<Answer> {
    const { reply, request_frame } = recording;
    await this.repetition.prepare(frameCall(recording));
    // A raw frame gets its own connection: the bytes after it are not part of the story.
    if (request_frame !== undefined) this.leave();
    this.client =
      this.client?.closed === false ? this.client : await FrameClient.open(this.others.server.port);
    const answer = await this.client.ask(this.pieces(recording), {
      patience: reply.silent ? 60 : 10_000,
      awaitsClose: reply.closed,
    });
    if (request_frame !== undefined || reply.silent) this.leave();
    this.repetition.learn(frameCall(recording), replyOf(answer.frame));
    return answer;
  }

  leave(): void {
    this.client?.close();
    this.client = undefined;
  }

  private pieces({ command, request, request_frame }: Recording): readonly string[] {
    const { repetition } = this;
    if (request_frame === undefined) return [frameOf(command, repetition.translated(request))];
    return [request_frame].flat().map((text) => repetition.inText(text));
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
    let repetition: FrameRepetition;

    beforeAll(async () => {
      others = await startOthers(version, protect === 'on');
      repetition = new FrameRepetition(others);
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
