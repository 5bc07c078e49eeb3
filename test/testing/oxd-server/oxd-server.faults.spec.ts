import { OxdServer } from '../../../lib/testing/oxd-server/oxd-server.js';
import {
  isUma,
  RECORDED,
  type RecordedVersion,
  type Recording,
  recordings,
} from '../../recordings/recordings.js';
import { FailingOp } from '../../support/failing-op.js';
import { frameShape, tcpSender } from '../../support/command-senders.js';
import { frameCall } from '../../support/recorded-call.js';
import { registerSecret } from '../../support/secrets.js';

/** Recordings without a test: the embedded transport checks more, or lacks information, than oxd 3.x. */
const EXCLUDED: Readonly<Record<string, string>> = {
  'tokens-by-code-id-token-no-sub': 'oxd does not look at sub',
  'tokens-by-code-id-token-no-nonce': 'oxd breaks down where a nonce is missing',
  'tokens-by-code-id-token-no-at-hash': '3.1.1 requires at_hash; the sandbox issues none',
};

describe.each(RECORDED.map((version) => [version] as const))(
  'OxdServer %s with a failing provider',
  (version) => {
    const all = recordings(version).filter((one) => one.op !== undefined && !isUma(one));
    const repeated = all.filter(({ story }) => !Object.hasOwn(EXCLUDED, story));

    const scenes = new Map<string, FailingOp>();
    afterAll(async () => {
      for (const scene of scenes.values()) await scene.close();
    });

    /** A provider that went down stays down. */
    async function sceneFor({ n, op, protect }: Recording): Promise<FailingOp> {
      const key = op === 'down' ? `${n}` : protect;
      const scene = scenes.get(key) ?? (await create(version, protect === 'on'));
      scenes.set(key, scene);
      return scene;
    }

    it('covers every recorded failure, except those listed', () => {
      expect([all.length, repeated.length]).toEqual([61, 58]);
    });

    it.each(repeated.map((one) => [one.n, one.story, one.op, one] as const))(
      '#%i %s: %s',
      async (_n, _story, _op, recording) => {
        const answer = await (await sceneFor(recording)).act(frameCall(recording));
        const { frame, closed = false } = recording.reply;
        expect(answer.shape).toEqual(frameShape(frame, closed));
      },
    );
  },
);

function create(version: RecordedVersion, protectCommands: boolean): Promise<FailingOp> {
  return FailingOp.create(async () => {
    const options = { version, protectCommands, allowInsecureRequests: true };
    const server = await OxdServer.start({ ...options, onSecret: registerSecret });
    return { server, ask: tcpSender(server) };
  });
}
