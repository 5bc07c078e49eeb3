import { OxdServer } from '../../../lib/testing/oxd-server/oxd-server.js';
import {
  HTTPS_RECORDED,
  type HttpsRecording,
  httpsRecordings,
} from '../../recordings/https-recordings.js';
import { FakeOp } from '../../support/fake-op.js';
import { HttpsClient, type HttpsAnswer } from '../../support/https-client.js';
import { httpsPeer } from '../../support/oxd-peer.js';
import { envelopeIn, httpsCall } from '../../support/recorded-call.js';
import { RecordedOp } from '../../support/recorded-op.js';
import { shapeOfHttps } from '../../support/reply-shape.js';
import { type LiveProviders, Repetition } from '../../support/repetition.js';
import { registerSecret } from '../../support/secrets.js';

const EXTENSIONS = ['ext-3.1.1', 'ext-3.1.4'] as const;

type Extension = (typeof EXTENSIONS)[number];

/** Live servers in place of the recorded ones. */
interface Live extends LiveProviders {
  readonly server: OxdServer;
}

/** Repeats recorded requests over one kept connection. */
class HttpsRepetition {
  private readonly repetition: Repetition;
  private readonly client: HttpsClient;

  constructor({ server, ...providers }: Live, extension: Extension) {
    const peer = httpsPeer(server, HTTPS_RECORDED[extension]);
    this.repetition = new Repetition(providers, peer);
    this.client = new HttpsClient(server.url, server.ca);
  }

  async repeat(recording: HttpsRecording): Promise<HttpsAnswer> {
    const call = httpsCall(recording);
    await this.repetition.prepare(call);
    const { method, path, headers, body, raw_body } = recording.request;
    const answer = await this.client.ask({
      ...{ method, path, headers: this.translated(headers) },
      body: raw_body ?? (body ? (this.repetition.translated(body) as object) : undefined),
    });
    this.repetition.learn(call, envelopeIn(answer.body));
    return answer;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private translated(headers: HttpsRecording['request']['headers']): Record<string, string> {
    const values = Object.entries(headers).map(([name, value]) => [name, this.valueOf(value)]);
    return Object.fromEntries(values) as Record<string, string>;
  }

  private valueOf(value: string): string {
    const [, first = '', length] = /^(.).*\((\d+) characters\)$/.exec(value) ?? [];
    if (length) return first.repeat(Number(length));
    return value.replace(/(?<=^Bearer {1,2})\S+$/, (token) =>
      String(this.repetition.translated(token)),
    );
  }
}

/** Story in which the recorded provider sent 3.1.1 the scopes of a token as in RFC 7662. */
const SCOPE_MEMBER = 'protection-off-introspection-answer-with-scope-member';

/** Requests whose replies differ, by number and story. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  ...reason('the default scopes of the recorded server include uma_protection', [
    'ext-3.1.1 #20 register-empty-scope',
    'ext-3.1.4 #20 register-empty-scope',
  ]),
  ...reason('a token is introspected with the credentials of the client, not with a PAT', [
    'ext-3.1.4 #18 register-existing-client',
  ]),
  ...reason('the body of a failed discovery is not passed on', [
    'ext-3.1.4 #374 uma-op-without-uma',
  ]),
  ...reason('the sandbox refuses a claim token without a format', [
    'ext-3.1.1 #290 uma-get-rpt-claim-token-alone',
    'ext-3.1.4 #292 uma-get-rpt-claim-token-alone',
  ]),
  ...reason('the first protected resource has one scope; the sandbox refuses the other', [
    'ext-3.1.1 #292 uma-get-rpt-scope-and-state',
  ]),
};

function reason(why: string, requests: readonly string[]): Record<string, string> {
  return Object.fromEntries(requests.map((request) => [request, why]));
}

describe.each(EXTENSIONS)('OxdServer as %s', (extension) => {
  describe.each([
    ['off', { 'ext-3.1.1': 211, 'ext-3.1.4': 210 }],
    ['on', { 'ext-3.1.1': 30, 'ext-3.1.4': 30 }],
  ] as const)('protection %s', (protect, counts) => {
    const repeated = httpsRecordings(extension).filter((one) => one.protect === protect && !one.op);
    let others: Live;
    let repetition: HttpsRepetition;

    beforeAll(async () => {
      others = await startOthers(extension, protect === 'on');
      repetition = new HttpsRepetition(others, extension);
    });

    afterAll(async () => {
      await repetition.close();
      for (const other of Object.values(others)) await other.close();
    });

    it('receives every recorded request', () => {
      expect(repeated.length).toBe(counts[extension]);
    });

    it.each(repeated.map((one) => [one.n, one.story, one.command, one] as const))(
      '#%i %s: %s',
      async (_n, _story, _command, recording) => {
        const { status, content_type, body } = recording.reply;
        const { n, story } = recording;
        const hasScopes = extension === 'ext-3.1.1' && story !== SCOPE_MEMBER;
        others.op.scopesIn = hasScopes ? 'scopes' : 'scope';
        const recorded = shapeOfHttps({ status, contentType: content_type, body });
        const shape = shapeOfHttps(await repetition.repeat(recording));
        const differs = Object.hasOwn(DIFFERENCES, `${extension} #${n} ${story}`);
        expect(shape).toEqual(differs ? otherThan(recorded) : recorded);
      },
    );
  });
});

async function startOthers(extension: Extension, protectCommands: boolean): Promise<Live> {
  const withoutUma = await FakeOp.start();
  withoutUma.on('client', { status: 404, json: { error: 'x_error' } });
  // A protection token belongs to the client that introspects it.
  withoutUma.on('introspect', ({ headers }) => ({
    json: { active: true, client_id: userOf(headers.authorization) },
  }));
  return {
    withoutUma,
    op: await RecordedOp.start(),
    server: await OxdServer.start({
      ...{ version: HTTPS_RECORDED[extension], extension: true, protectCommands },
      // The recorded provider follows RFC 7592.
      ...{ strictUpdates: true, staleConnections: false },
      ...{ allowInsecureRequests: true, onSecret: registerSecret },
    } as Parameters<typeof OxdServer.start>[0]),
  };
}

/** User name of HTTP basic authentication. */
function userOf(authorization = ''): string {
  const [user = ''] = Buffer.from(authorization.slice('Basic '.length), 'base64')
    .toString()
    .split(':');
  return decodeURIComponent(user);
}

function otherThan(shape: object): object {
  return expect.not.objectContaining(shape) as object;
}
