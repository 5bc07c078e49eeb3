import { OxdServer } from '../../../lib/testing/oxd-server/oxd-server.js';
import {
  HTTPS_RECORDED,
  type HttpsRecording,
  httpsRecordings,
} from '../../recordings/https-recordings.js';
import { FailingAs } from '../../support/failing-as.js';
import { FailingOp, type ServerStart } from '../../support/failing-op.js';
import { httpsSender } from '../../support/command-senders.js';
import { httpsCall } from '../../support/recorded-call.js';
import { shapeOfHttps } from '../../support/reply-shape.js';
import { registerSecret } from '../../support/secrets.js';

const EXTENSIONS = ['ext-3.1.1', 'ext-3.1.4'] as const;

type Extension = (typeof EXTENSIONS)[number];

/** Recordings without a test. */
const EXCLUDED: Readonly<Record<string, string>> = {
  'tokens-by-code-id-token-no-sub': 'oxd does not look at sub',
  'tokens-by-code-id-token-no-nonce': 'oxd breaks down where a nonce is missing',
  'tokens-by-code-id-token-no-at-hash': '3.1.1 requires at_hash; the sandbox issues none',
  'ext-oxd-server-down': 'no oxd-server is behind the extension, so none can be down',
};

/**
 * Recordings whose replies differ in the text: the status of a failed introspection of an access
 * token is passed on, its body is not.
 */
const WITHOUT_BODY =
  /^ext-3\.1\.4 (introspect-access-token-as|protection-on-introspection)-(\d+|html)$/;

const isUma = ({ command }: HttpsRecording): boolean =>
  /^(uma_|introspect_rpt$)/.test(command ?? '');

describe.each(EXTENSIONS)('OxdServer as %s with a failing provider', (extension) => {
  const all = httpsRecordings(extension).filter(({ op }) => op !== undefined);
  const repeated = all.filter(({ story }) => !Object.hasOwn(EXCLUDED, story));

  const scenes = new Map<string, FailingOp | FailingAs>();
  afterAll(async () => {
    for (const scene of scenes.values()) await scene.close();
  });

  /** A provider that went down stays down. */
  async function sceneFor(recording: HttpsRecording): Promise<FailingOp | FailingAs> {
    const { n, op, protect } = recording;
    const key = op === 'down' ? `${n}` : `${protect} ${isUma(recording)}`;
    const kind = isUma(recording) ? FailingAs : FailingOp;
    const scene = scenes.get(key) ?? (await kind.create(starting(extension, protect === 'on')));
    scenes.set(key, scene);
    return scene;
  }

  it('covers every recorded failure, except those listed', () => {
    expect([all.length, repeated.length]).toEqual([117, 107]);
  });

  it.each(repeated.map((one) => [one.n, one.story, one.op, one] as const))(
    '#%i %s: %s',
    async (_n, story, _op, recording) => {
      const { status, content_type: contentType, body } = recording.reply;
      const isWithout = WITHOUT_BODY.test(`${extension} ${story}`);
      const text = isWithout ? withoutBody(status) : body;
      const answer = await (await sceneFor(recording)).act(httpsCall(recording));
      expect(answer.shape).toEqual(shapeOfHttps({ status, contentType, body: text }));
      expect(passedOn(answer.text)).toBe(passedOn(text));
    },
  );
});

function withoutBody(status: number): string {
  return JSON.stringify({ code: status, message: `http status ${status}` });
}

/** Response of the authorization server that the extension passes on. */
function passedOn(body: string): unknown {
  return body.includes('said by the AS') && body;
}

function starting(extension: Extension, protectCommands: boolean): ServerStart {
  const version = HTTPS_RECORDED[extension];
  return async () => {
    const server = await OxdServer.start({
      ...{ version, extension: true, protectCommands, staleConnections: false },
      ...{ allowInsecureRequests: true, onSecret: registerSecret },
    });
    return { server, ask: httpsSender(server, version) };
  };
}
