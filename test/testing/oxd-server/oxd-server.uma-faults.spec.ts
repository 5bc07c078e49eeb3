import { OxdServer } from '../../../lib/testing/oxd-server/oxd-server.js';
import {
  isUma,
  RECORDED,
  type RecordedVersion,
  type Recording,
  recordings,
  replyOf,
} from '../../recordings/recordings.js';
import { FailingAs } from '../../support/failing-as.js';
import { frameShape, tcpSender } from '../../support/command-senders.js';
import { frameCall } from '../../support/recorded-call.js';
import { registerSecret } from '../../support/secrets.js';

describe.each(RECORDED.map((version) => [version] as const))(
  'OxdServer %s with a failing authorization server',
  (version) => {
    const all = recordings(version).filter((one) => one.op !== undefined && isUma(one));

    const scenes = new Map<string, FailingAs>();
    afterAll(async () => {
      for (const scene of scenes.values()) await scene.close();
    });

    /** One that went down stays down. */
    async function sceneFor({ n, op }: Recording): Promise<FailingAs> {
      const key = op === 'down' ? `${n}` : '';
      const scene = scenes.get(key) ?? (await create(version));
      scenes.set(key, scene);
      return scene;
    }

    it('covers every recorded failure', () => {
      expect(all.length).toBe(46);
    });

    it.each(all.map((one) => [one.n, one.story, one.op, one] as const))(
      '#%i %s: %s',
      async (_n, _story, _op, recording) => {
        const { frame, closed = false } = recording.reply;
        const answer = await (await sceneFor(recording)).act(frameCall(recording));
        expect(answer.shape).toEqual(frameShape(frame, closed));
        expect(passedOn(answer.text)).toBe(passedOn(frame));
      },
    );
  },
);

/** Response of the authorization server that oxd passes on. */
function passedOn(frame: string): unknown {
  const { error, error_description } = replyOf(frame)?.data ?? {};
  return String(error).startsWith('http_status_') && error_description;
}

function create(version: RecordedVersion): Promise<FailingAs> {
  return FailingAs.create(async () => {
    const options = { version, allowInsecureRequests: true, onSecret: registerSecret };
    const server = await OxdServer.start(options);
    return { server, ask: tcpSender(server) };
  });
}
