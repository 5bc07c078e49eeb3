import { OxdServer } from '../../../lib/testing/oxd-server/oxd-server.js';
import { HTTPS_RECORDED, httpsRecordings } from '../../recordings/https-recordings.js';
import { FakeOp } from '../../support/fake-op.js';
import { envelopeIn } from '../../support/recorded-call.js';
import { HttpsRepetition, type LiveServers } from '../../support/https-repetition.js';
import { RecordedOp } from '../../support/recorded-op.js';
import { shapeOfHttps } from '../../support/reply-shape.js';
import { registerSecret } from '../../support/secrets.js';

const EXTENSIONS = ['ext-3.1.1', 'ext-3.1.4'] as const;

type Extension = (typeof EXTENSIONS)[number];

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
    let others: LiveServers;
    let repetition: HttpsRepetition;

    beforeAll(async () => {
      others = await startOthers(extension, protect === 'on');
      repetition = new HttpsRepetition(others, HTTPS_RECORDED[extension], ({ body }) =>
        envelopeIn(body),
      );
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
        await repetition.prepare(recording);
        const shape = shapeOfHttps(await repetition.send(recording));
        const differs = Object.hasOwn(DIFFERENCES, `${extension} #${n} ${story}`);
        expect(shape).toEqual(differs ? otherThan(recorded) : recorded);
      },
    );
  });
});

async function startOthers(extension: Extension, protectCommands: boolean): Promise<LiveServers> {
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
